package source

import (
	"context"
	"io"
	"log/slog"
)

// WithLogger has the stream write to log: at the debug level that it connects, is
// open, waits, completes, and at the warn level that an attempt or a connection has
// failed, with the [Error]. By default it writes nothing. URLs are shown as in an
// Error; of requests no header is shown, and of answers only what an Error's message
// has.
func WithLogger(log *slog.Logger) Option { return func(c *config) { c.log = log } }

// A logObserver writes the state of a stream to a log.
type logObserver struct {
	ctx context.Context //nolint:containedctx // part of a stream, which ends with its context
	log *slog.Logger
}

func (l *logObserver) observe(c change) {
	switch c.kind {
	case connecting:
		l.log.DebugContext(l.ctx, "source: connecting", "attempt", c.attempt.Number)
	case connected:
		l.log.DebugContext(l.ctx, "source: open", "status", c.response.StatusCode, "protocol", c.response.Proto)
	case disconnected:
		switch c.err {
		case io.EOF:
			l.log.DebugContext(l.ctx, "source: the server ended the response")
		case ErrReconnectRequested:
			l.log.DebugContext(l.ctx, "source: reconnecting as requested")
		default:
			l.log.WarnContext(l.ctx, "source: disconnected", "error", c.err)
		}
	case waiting:
		l.log.DebugContext(l.ctx, "source: waiting to connect again", "duration", c.wait)
	case completed:
		l.log.DebugContext(l.ctx, "source: completed")
	case failed:
		l.log.WarnContext(l.ctx, "source: failed", "error", c.err)
	}
}
