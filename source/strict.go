package source

// WithStrictEventSource sets whether responses are treated as by a browser's EventSource
// (WHATWG HTML §9.2.3): every response except an event stream with status 200 is final.
// Even 204, 429 and 5xx then end the stream with an [Error] that wraps [ErrStatus]. After
// failures of the network the stream still tries again. Use it for a server that relies on
// this behavior. [WithRetryIf] then has no effect. Default: false.
//
// In all other respects the client follows the standard anyway.
func WithStrictEventSource(strict bool) Option {
	return func(c *config) { c.strict = strict }
}
