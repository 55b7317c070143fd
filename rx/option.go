package rx

// An Option changes how [From] and [FromFunc] treat what RxGo sends.
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

// ContinueOnError hands the error of each error item to f, on the ranging
// goroutine, and goes on with the next item. By default, and if f is nil, the first
// error item ends the stream.
//
// It decides only what the typed side does. Whether RxGo sends anything after an
// error is decided by RxGo's own strategy, [rxgo.WithErrorStrategy], given to the
// last operator of the chain. A [*TypeError] and the end of the context are not
// error items and always end the stream.
func ContinueOnError(f func(error)) Option {
	return func(o *options) { o.onError = f }
}
