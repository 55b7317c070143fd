package rxsseotel

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/rxsse/rxsse/source"
)

// Trace returns hooks for source.WithTrace that record a span for each attempt to connect.
// They also record how long the server took to accept and how long the connection lasted,
// in the histograms rxsse.source.connect.duration and rxsse.source.connection.duration.
//
// The span ends, and is exported, when the connection ends; an event "connected" in it
// marks when the server accepted. Its parent is the span in the context of the
// subscription, and the request is sent with its context, so an instrumented
// http.RoundTripper adds its own span to the trace.
//
// A span has error status if the attempt or its connection failed, but not if the server
// ended the response cleanly, the stream was cancelled, or the consumer left.
func Trace(stream string, opts ...Option) *source.Trace {
	c := newConfig(opts)
	t := tracer{Tracer: c.tracers.Tracer(scope), durations: newDurations(c.meters.Meter(scope), stream), stream: stream}
	return &source.Trace{StartAttempt: t.start, Open: t.open}
}

// A tracer records the spans of streams with one name.
type tracer struct {
	trace.Tracer
	durations

	stream string
}

// An attempt is an attempt to connect, and its connection.
type attempt struct {
	span     trace.Span
	beganAt  time.Time
	openedAt time.Time // zero until the server has accepted
}

// attemptKey is the key under which a context has its *attempt.
type attemptKey struct{}

func (t tracer) start(ctx context.Context, a source.Attempt) (context.Context, func(source.AttemptEnd)) {
	attributes := append(
		server(a.URL),
		semconv.HTTPRequestMethodKey.String(a.Method),
		attribute.String("rxsse.stream", t.stream),
		attribute.Int("rxsse.attempt", a.Number),
		attribute.Int("rxsse.reconnects", a.Connects),
	)
	if a.LastEventID != "" {
		attributes = append(attributes, attribute.String("rxsse.resumed_after", shorten(a.LastEventID)))
	}
	if a.Number > 1 {
		attributes = append(attributes, semconv.HTTPRequestResendCount(a.Number-1))
	}
	ctx, span := t.Start(ctx, "sse "+t.stream, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...)) //nolint:spancheck // the function that is returned ends it
	current := &attempt{span: span, beganAt: time.Now()}
	ctx = context.WithValue(ctx, attemptKey{}, current)
	return ctx, func(end source.AttemptEnd) { t.finish(ctx, current, end) } //nolint:spancheck // see above
}

// open marks when the server has accepted. The request of source.FromResponse has a context
// without an attempt.
func (t tracer) open(_ source.Attempt, resp *http.Response) {
	if resp.Request == nil {
		return
	}
	ctx := resp.Request.Context()
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok {
		return
	}
	a.openedAt = time.Now()
	t.connect.Record(ctx, a.openedAt.Sub(a.beganAt).Seconds(), t.attributes)
	a.span.SetAttributes(semconv.NetworkProtocolVersion(strconv.Itoa(resp.ProtoMajor) + "." + strconv.Itoa(resp.ProtoMinor)))
	a.span.AddEvent("connected")
}

// finish ends the span of an attempt.
func (t tracer) finish(ctx context.Context, a *attempt, end source.AttemptEnd) {
	if a.openedAt.IsZero() && end.StatusCode == http.StatusOK && end.Outcome != source.OutcomeRefused {
		a.openedAt = a.beganAt // source.FromResponse
	}
	if !a.openedAt.IsZero() {
		t.connection.Record(ctx, time.Since(a.openedAt).Seconds(), t.attributes)
	}
	span := a.span
	span.SetAttributes(
		attribute.String("rxsse.outcome", string(end.Outcome)),
		attribute.Int64("rxsse.events", end.Events),
		attribute.Int64("rxsse.bytes", end.Bytes),
		attribute.Float64("rxsse.max_lag", end.MaxLag.Seconds()),
	)
	if end.LastEventID != "" {
		span.SetAttributes(attribute.String("rxsse.last_event_id", shorten(end.LastEventID)))
	}
	if end.StatusCode != 0 {
		span.SetAttributes(semconv.HTTPResponseStatusCode(end.StatusCode))
	}
	switch end.Outcome {
	case source.OutcomeRefused, source.OutcomeConnectFailed, source.OutcomeBroken, source.OutcomeTimedOut:
		span.SetAttributes(semconv.ErrorTypeKey.String(errorType(end)))
		span.SetStatus(codes.Error, reason(end))
	case source.OutcomeEnded, source.OutcomeNoContent, source.OutcomeRequested, source.OutcomeCancelled, source.OutcomeClosed:
	}
	span.End()
}

// errorType returns the value of error.type: the status of a refusal, as in the conventions
// for HTTP, and otherwise the outcome.
func errorType(end source.AttemptEnd) string {
	if end.Outcome == source.OutcomeRefused && end.StatusCode >= http.StatusBadRequest {
		return strconv.Itoa(end.StatusCode)
	}
	return string(end.Outcome)
}

func reason(end source.AttemptEnd) string {
	if end.Err == nil {
		return string(end.Outcome)
	}
	return end.Err.Error()
}

// server returns the attributes of a URL, which has the form that a [source.Error] shows.
func server(shown string) []attribute.KeyValue {
	attributes := []attribute.KeyValue{semconv.URLFull(shown)}
	u, err := url.Parse(shown)
	if err != nil {
		return attributes
	}
	attributes = append(attributes, semconv.ServerAddress(u.Hostname()))
	port, err := strconv.Atoi(u.Port())
	switch {
	case err == nil:
	case u.Scheme == "https":
		port = 443
	default:
		port = 80
	}
	return append(attributes, semconv.ServerPort(port))
}

// maxID is how many bytes of an event ID a span shows: servers can make them megabytes
// long.
const maxID = 100

func shorten(id string) string {
	if len(id) > maxID {
		return strings.ToValidUTF8(id[:maxID], "") + "…"
	}
	return id
}
