package rx

// An Option changes how [From], [FromFunc] and [FromHot] treat error items.
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

// ContinueOnError calls f with the error of each error item, on the ranging goroutine,
// and goes on with the next item. By default, and if f is nil, the first error item ends
// the stream.
//
// It changes only the typed side. Whether RxGo sends anything after an error depends on
// RxGo's own strategy, [rxgo.WithErrorStrategy], given to the last operator of the chain.
// A [*TypeError] and the end of the context are not error items and always end the
// stream.
func ContinueOnError(f func(error)) Option {
	return func(o *options) { o.onError = f }
}
