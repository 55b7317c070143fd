package source

// WithRetryIf has retry decide whether the stream goes on after a failure; by
// default [Error.Temporary] does. Ask that for what retry has no opinion of:
//
//	source.WithRetryIf(func(e *source.Error) bool {
//		return e.Temporary() || e.StatusCode == http.StatusUnauthorized
//	})
//
// It is asked about attempts that fail and connections that break, not when the
// server ends a response in an orderly way, nor after 204. The waits and
// [WithMaxAttempts] are as ever. It runs on the goroutine that consumes the stream.
func WithRetryIf(retry func(*Error) bool) Option {
	return func(c *config) { c.retryIf = retry }
}

// retry reports whether a stream goes on after a failure.
func (c config) retry(e *Error) bool {
	switch {
	case c.strict:
		return e.Temporary() && e.StatusCode == 0
	case c.retryIf != nil:
		return c.retryIf(e)
	}
	return e.Temporary()
}
