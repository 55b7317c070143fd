package source

// WithStrictEventSource has the stream do what a browser's EventSource does with
// the server's answers (WHATWG HTML §9.2.3): everything but 200 with an event
// stream is final, also 204, 429 and 5xx, which end the stream with an [Error] that
// wraps [ErrStatus]. Failures of the network are tried again. Ask for it where a
// server counts on that; a [WithRetryIf] beside it is without effect.
//
// In all else the client keeps to the standard without it.
func WithStrictEventSource() Option {
	return func(c *config) { c.strict = true }
}
