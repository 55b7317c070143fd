package source

import "log/slog"

// WithLogger has the stream write to log: at the debug level that it connects, is
// open, waits, completes, and at the warn level that an attempt or a connection has
// failed, with the [Error]. By default it writes nothing. URLs are shown as in an
// Error; of requests no header is shown, and of answers only what an Error's message
// has.
func WithLogger(log *slog.Logger) Option { return func(c *config) { c.log = log } }
