package source

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"
)

// WithLogger makes the stream log to log. By default it logs nothing.
//
//   - WARN when a connection is lost or the server cannot be reached: once, with the reason
//     and the time until the next attempt. Further failures are at DEBUG.
//   - INFO when it is connected again: after how long, after how many attempts, and from
//     which event on.
//   - WARN when the server has ended three responses in a row before they were healthy, see
//     [WithHealthyAfter], and again each time that number has doubled.
//   - DEBUG when the stream fails, because the stream also returns the error.
//   - INFO, once per stream, when a connection is open but nothing has arrived for 30
//     seconds: a proxy may be holding the events back. See docs/troubleshooting.md.
//   - WARN, once per stream, when the server ended a response without the blank line after
//     an event, when an event ID cannot be sent in a header, and when the server refused
//     one; see [WithLastEventIDReset].
//   - DEBUG: each attempt, each wait, and each response that ends cleanly.
//
// Each record has the URL of the stream, and as request_url that of the request if it
// differs, after a redirect or by [WithPrepare].
//
// URLs are shown as in an [Error]. Payloads and headers are not logged, except as part of
// the message of an Error.
func WithLogger(log *slog.Logger) Option { return func(c *config) { c.log = log } }

const (
	// silenceBeforeHint is how long a new connection may be silent before the log says so.
	silenceBeforeHint = 30 * time.Second
	// earlyEnds is how many responses in a row the server may end early before the log
	// says so.
	earlyEnds = 3
	// troubleshooting is the page that warnings link to.
	troubleshooting = "https://github.com/rxsse/rxsse/blob/main/docs/troubleshooting.md"
)

// A logObserver writes the state of one stream to a log.
type logObserver struct {
	ctx context.Context //nolint:containedctx // part of a stream, which ends with its context
	log *slog.Logger

	url    string
	redact func(*url.URL) string

	connected bool      // a connection is open
	early     int       // consecutive responses that the server ended early
	lost      bool      // a warning was logged, and no connection has opened since
	since     time.Time // the end of the last connection, or the start of the stream
	attempts  int       // since the last connection opened
	hinted    bool      // the hint was logged
	said      map[changeKind]bool
}

func newLogObserver(ctx context.Context, log *slog.Logger, method string, u *url.URL, redact func(*url.URL) string) *logObserver {
	shown := redact(u)
	return &logObserver{
		ctx: ctx, log: log.With("method", method, "url", shown), url: shown, redact: redact,
		since: time.Now(), said: map[changeKind]bool{},
	}
}

func (l *logObserver) observe(c change) {
	switch c.kind {
	case connecting:
		l.attempts++
		l.log.DebugContext(l.ctx, "source: connecting", "attempt", c.attempt.Number)
	case connected:
		l.open(c)
	case unterminated:
		l.unterminated(c)
	case disconnected:
		l.disconnected(c)
	case waiting:
		l.log.DebugContext(l.ctx, "source: waiting to connect again", "wait", c.wait)
	case idNotSent:
		l.once(c.kind, "source: the last event ID cannot be sent in a header, so the server is not told where to resume", "id", fmt.Sprintf("%.100q", c.attempt.LastEventID))
	case idReset:
		l.log.WarnContext(l.ctx, "source: the server refused the last event ID, so the stream starts over without it; events may be missing or come twice", "id", fmt.Sprintf("%.100q", c.attempt.LastEventID))
	case completed:
		l.log.DebugContext(l.ctx, "source: completed")
	case failed:
		l.log.DebugContext(l.ctx, "source: failed", l.reason(c.err)...)
	case attemptEnded, closed: // the other messages say it
	}
}

func (l *logObserver) open(c change) {
	requestURL := l.requestURL(l.redact(c.response.Request.URL))
	if l.lost {
		after := time.Since(l.since).Round(100 * time.Millisecond)
		verb := "connected"
		if c.attempt.Connects > 0 {
			verb = "reconnected"
		}
		l.log.InfoContext(l.ctx, fmt.Sprintf("source: %s after %v, %s, %s", verb, after, plural(l.attempts, "attempt"), from(c.attempt.LastEventID)), requestURL...)
	} else {
		l.log.DebugContext(l.ctx, "source: connected", append([]any{"status", c.response.StatusCode, "protocol", c.response.Proto}, requestURL...)...)
	}
	l.connected, l.lost, l.attempts = true, false, 0
}

func (l *logObserver) disconnected(c change) {
	message := "source: cannot connect"
	if l.connected {
		message = "source: disconnected"
		l.since = time.Now()
	}
	l.connected = false
	switch c.err {
	case io.EOF: //nolint:errorlint // wrapped, it is a failure
		l.ended(c)
	case ErrReconnectRequested:
		l.log.DebugContext(l.ctx, "source: reconnecting as requested")
	default:
		level := slog.LevelWarn
		if l.lost {
			level = slog.LevelDebug
		}
		l.lost = true
		l.log.Log(l.ctx, level, message, append(l.reason(c.err), "retry_in", c.wait.Round(time.Millisecond))...)
	}
}

// ended logs that the server has ended a response cleanly.
func (l *logObserver) ended(c change) {
	if c.attempt.Number == 0 { // it was healthy
		l.early = 0
	} else {
		l.early++
	}
	// At 3, 6, 12, …: enough to notice, without flooding the log.
	if n := l.early / earlyEnds; l.early%earlyEnds == 0 && n > 0 && n&(n-1) == 0 {
		l.log.WarnContext(l.ctx, fmt.Sprintf("source: the server accepts each request and ends the response early, %d times in a row", l.early), "help", troubleshooting+"#it-reconnects-all-the-time")
		return
	}
	l.log.DebugContext(l.ctx, "source: the server ended the response")
}

func (l *logObserver) unterminated(c change) {
	if c.err != nil {
		l.log.DebugContext(l.ctx, "source: an event was cut off")
		return
	}
	l.once(c.kind, "source: the last event of the response was dropped, since no blank line ends it; WithUnterminatedEvent delivers such events")
}

// once logs a warning the first time a change of this kind happens.
func (l *logObserver) once(kind changeKind, message string, args ...any) {
	if !l.said[kind] {
		l.said[kind] = true
		l.log.WarnContext(l.ctx, message, args...)
	}
}

// reader returns a reader that logs a hint, once per stream, when the first Read of a
// connection waits too long.
func (l *logObserver) reader(r io.Reader) io.Reader {
	if l.hinted {
		return r
	}
	first := true
	return readerFunc(func(p []byte) (int, error) {
		if !first {
			return r.Read(p)
		}
		first = false
		hint := newHint(func() {
			l.hinted = true
			l.log.InfoContext(l.ctx, fmt.Sprintf("source: connected, but nothing has arrived for %v: the server may have nothing to send, or a proxy holds the response back", silenceBeforeHint), "help", troubleshooting+"#nothing-comes")
		})
		defer hint.stop()
		return r.Read(p)
	})
}

// reason returns err as log attributes, without the request, which the line already names.
func (l *logObserver) reason(err error) []any {
	e, ok := err.(*Error) //nolint:errorlint // one of this stream, not one that is wrapped
	if !ok {
		return []any{"error", err}
	}
	args := []any{"error", e.reason()}
	if e.StatusCode != 0 {
		args = append(args, "status", e.StatusCode)
	}
	return append(args, l.requestURL(e.URL)...)
}

// requestURL returns the URL of a request as an attribute, unless the line already has it.
func (l *logObserver) requestURL(shown string) []any {
	if shown == l.url {
		return nil
	}
	return []any{"request_url", shown}
}

// from describes where a stream resumes.
func from(lastEventID string) string {
	if lastEventID == "" {
		return "without an id"
	}
	return fmt.Sprintf("from id %.100s", lastEventID)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
