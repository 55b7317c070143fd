package rx

// An Option configures [From], [FromFunc] and [FromHot].
type Option func(*options)

type options struct {
	onError func(error)
}

func newOptions(opts []Option) options {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// ContinueOnError calls f with the error of each error item, on the ranging goroutine, and
// continues with the next item. By default, and if f is nil, the first error item ends the
// stream.
//
// Whether RxGo sends anything after an error depends on the [rxgo.WithErrorStrategy] given
// to the last operator of the chain. A [*TypeError] and the end of the context always end
// the stream.
func ContinueOnError(f func(error)) Option {
	return func(o *options) { o.onError = f }
}
