package source

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A report is what a stream tells whoever wants to know: its trace, its log and
// its meter, each of which may be nil.
type report struct {
	ctx    context.Context //nolint:containedctx // part of a stream, which ends with its context
	trace  *Trace
	log    *slog.Logger
	meter  *Meter
	opened bool // at least once
}

func newReport(ctx context.Context, req *http.Request, cfg config) report {
	r := report{ctx: ctx, trace: cfg.trace, meter: cfg.meter}
	if cfg.log != nil {
		r.log = cfg.log.With("method", method(req), "url", cfg.redact(req.URL))
	}
	return r
}

func (r *report) connecting(attempt int) {
	r.trace.connecting(attempt)
	if r.meter != nil {
		r.meter.connecting()
	}
	if r.log != nil {
		r.log.DebugContext(r.ctx, "source: connecting", "attempt", attempt)
	}
}

func (r *report) open(resp *http.Response) {
	r.trace.open(resp)
	if r.meter != nil {
		r.meter.open(r.opened)
	}
	if r.log != nil {
		r.log.DebugContext(r.ctx, "source: open", "status", resp.StatusCode, "protocol", resp.Proto)
	}
	r.opened = true
}

// event reports one that was delivered by c.
func (r *report) event(e codec.Event, c *connection) {
	if r.meter != nil {
		r.meter.event(e, c.metered.at)
	}
}

func (r *report) disconnected(err error) {
	r.trace.disconnected(err)
	switch {
	case r.log == nil:
	case err == io.EOF: //nolint:errorlint // wrapped, it is a failure
		r.log.DebugContext(r.ctx, "source: the server ended the response")
	default:
		r.log.WarnContext(r.ctx, "source: disconnected", "error", err)
	}
}

func (r *report) waiting(d time.Duration) {
	r.trace.waiting(d)
	if r.log != nil {
		r.log.DebugContext(r.ctx, "source: waiting to connect again", "duration", d)
	}
}

// ended reports the end of the stream by the server's doing; err is nil if that
// is completion.
func (r *report) ended(err error) {
	switch {
	case r.log == nil:
	case err == nil:
		r.log.DebugContext(r.ctx, "source: completed")
	default:
		r.log.WarnContext(r.ctx, "source: failed", "error", err)
	}
}
