package source

// WithStrictEventSource sets whether the server's answers are treated as a browser's
// EventSource does (WHATWG HTML §9.2.3): then every answer but an event stream with the status 200 is final. Also 204,
// 429 and 5xx then end the stream with an [Error] that wraps [ErrStatus]. Failures of the
// network are tried again. Use it where a server relies on that. [WithRetryIf] has no
// effect beside it. Default: false.
//
// In all other respects the client follows the standard without this option.
func WithStrictEventSource(strict bool) Option {
	return func(c *config) { c.strict = strict }
}
