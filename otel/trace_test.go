package rxsseotel_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/codec"
	rxsseotel "github.com/rxsse/rxsse/otel"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// numbered returns n events with the IDs 1, 2, ….
func numbered(n int) []codec.Event {
	events := make([]codec.Event, n)
	for i := range events {
		events[i] = codec.Event{ID: strconv.Itoa(i + 1), Data: "x"}
	}
	return events
}

// within runs a test against a scripted server, in virtual time.
func within(t *testing.T, script func(*ssetest.Conn), test func(t *testing.T, server *ssetest.Server, client *source.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := ssetest.NewMemoryServer(script)
		defer server.Close()
		test(t, server, source.NewClient(source.WithHTTPClient(server.Client()), source.WithBackoff(source.Backoff{Jitter: -1})))
	})
}

// recorder returns a provider of tracers, and what its spans have recorded.
func recorder() (*sdktrace.TracerProvider, *tracetest.InMemoryExporter) {
	exporter := tracetest.NewInMemoryExporter()
	return sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter)), exporter
}

func attributes(span tracetest.SpanStub) map[string]string {
	m := map[string]string{}
	for _, a := range span.Attributes {
		m[string(a.Key)] = a.Value.String()
	}
	return m
}

// A server that drops connections, refuses, and ends in order: a span for each attempt.
func TestTrace(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Send(numbered(2)...)
			c.Sleep(10 * time.Second)
			c.Drop()
		case 2:
			c.Answer(http.StatusServiceUnavailable, "busy")
		case 3:
			c.Send(codec.Event{ID: "3", Data: "x"})
		default:
			c.Answer(http.StatusNoContent, "")
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		tracers, spans := recorder()
		ctx, parent := tracers.Tracer("test").Start(t.Context(), "parent")
		inRequest := map[trace.SpanID]bool{}
		events := client.Observe(strings.Replace(server.URL(), "http://", "http://user:secret@", 1)+"/feed?token=secret",
			source.WithTrace(rxsseotel.Trace("trades", rxsseotel.WithTracerProvider(tracers))),
			source.WithPrepare(func(req *http.Request) error {
				inRequest[trace.SpanContextFromContext(req.Context()).SpanID()] = true
				return nil
			}))
		_, err := sink.Collect(ctx, events)
		require.NoError(t, err)

		got := spans.GetSpans()
		require.Len(t, got, 4)
		want := []map[string]string{
			{"rxsse.attempt": "1", "rxsse.reconnects": "0", "rxsse.outcome": "broken", "rxsse.events": "2", "rxsse.last_event_id": "2", "http.response.status_code": "200", "error.type": "broken", "network.protocol.version": "1.1"},
			{"rxsse.attempt": "1", "rxsse.reconnects": "1", "rxsse.resumed_after": "2", "rxsse.outcome": "refused", "rxsse.events": "0", "rxsse.last_event_id": "2", "http.response.status_code": "503", "error.type": "503"},
			{"rxsse.attempt": "2", "rxsse.reconnects": "1", "rxsse.resumed_after": "2", "rxsse.outcome": "ended", "rxsse.events": "1", "rxsse.last_event_id": "3", "http.response.status_code": "200", "http.request.resend_count": "1", "network.protocol.version": "1.1"},
			{"rxsse.attempt": "1", "rxsse.reconnects": "2", "rxsse.resumed_after": "3", "rxsse.outcome": "no content", "rxsse.events": "0", "rxsse.last_event_id": "3", "http.response.status_code": "204"},
		}
		for i, span := range got {
			a := attributes(span)
			if i == 0 {
				assert.NotEqual(t, "0", a["rxsse.bytes"])
				assert.Equal(t, 10*time.Second, span.EndTime.Sub(span.StartTime), "until the connection has ended")
				require.Len(t, span.Events, 1)
				assert.Equal(t, "connected", span.Events[0].Name)
			}
			delete(a, "rxsse.bytes")
			want[i]["url.full"] = "http://ssetest.test/feed?token=…"
			want[i]["server.address"], want[i]["server.port"] = "ssetest.test", "80"
			want[i]["http.request.method"], want[i]["rxsse.stream"], want[i]["rxsse.max_lag"] = "GET", "trades", "0"
			assert.Equal(t, want[i], a)
			assert.Equal(t, "sse trades", span.Name)
			assert.Equal(t, trace.SpanKindClient, span.SpanKind)
			assert.Equal(t, parent.SpanContext().SpanID(), span.Parent.SpanID())
			assert.True(t, inRequest[span.SpanContext.SpanID()], "the request has the context of the span")
			assert.Equal(t, i < 2, span.Status.Code == codes.Error)
			assert.NotContains(t, span.Status.Description, "secret")
		}
		assert.Contains(t, got[1].Status.Description, "503")
	})
}

// A stream that is cancelled or left ends its span, without an error.
func TestTraceOfAStreamThatIsLeft(t *testing.T) {
	for name, leave := range map[string]func(context.CancelFunc) bool{
		"cancelled": func(cancel context.CancelFunc) bool { cancel(); return true },
		"closed":    func(context.CancelFunc) bool { return false },
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) { c.Send(numbered(1)...); c.Hold() }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				tracers, spans := recorder()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				for range client.Observe(server.URL(), source.WithTrace(rxsseotel.Trace("trades", rxsseotel.WithTracerProvider(tracers))))(ctx) {
					if !leave(cancel) {
						break
					}
				}
				got := spans.GetSpans()
				require.Len(t, got, 1)
				assert.Equal(t, name, attributes(got[0])["rxsse.outcome"])
				assert.Equal(t, codes.Unset, got[0].Status.Code)
			})
		})
	}
}

// An attempt that failed without a response has no status, and one that was refused for
// something else than its status says so.
func TestTraceOfAttemptsThatFail(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		if c.N == 1 {
			c.Answer(http.StatusBadRequest, "")
		}
		c.Header().Set("Content-Type", "text/html")
		c.Answer(http.StatusOK, "<html>")
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		tracers, spans := recorder()
		hooks := source.WithTrace(rxsseotel.Trace("trades", rxsseotel.WithTracerProvider(tracers)))
		for range 2 {
			_, err := sink.Collect(t.Context(), client.Observe(server.URL(), hooks))
			require.Error(t, err)
		}
		failing := source.WithHTTPClient(&http.Client{Transport: failingTransport{}})
		_, err := sink.Collect(t.Context(), source.SSE("https://example.com/feed", hooks, failing, source.WithMaxAttempts(1)))
		require.ErrorContains(t, err, "no route")
		_, err = sink.Collect(t.Context(), source.SSE("https://example.com:8443/feed", hooks, failing, source.WithMaxAttempts(1)))
		require.ErrorContains(t, err, "no route")

		var got []map[string]string
		for _, span := range spans.GetSpans() {
			a := attributes(span)
			assert.Equal(t, codes.Error, span.Status.Code)
			got = append(got, map[string]string{"outcome": a["rxsse.outcome"], "error": a["error.type"], "status": a["http.response.status_code"], "port": a["server.port"]})
		}
		assert.Equal(t, []map[string]string{
			{"outcome": "refused", "error": "400", "status": "400", "port": "80"},
			{"outcome": "refused", "error": "refused", "status": "200", "port": "80"},
			{"outcome": "connect failed", "error": "connect failed", "status": "", "port": "443"},
			{"outcome": "connect failed", "error": "connect failed", "status": "", "port": "8443"},
		}, got)
	})
}

type failingTransport struct{}

func (failingTransport) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no route to the host")
}

// Positions are in the spans of commits, cut where a server makes them long.
func TestCheckpoint(t *testing.T) {
	tracers, spans := recorder()
	errDisk := errors.New("the disk is full")
	store := &memory{}
	position := rxsseotel.Checkpoint("trades", store, rxsseotel.WithTracerProvider(tracers))
	require.NoError(t, position.Save(t.Context(), strings.Repeat("7", 99)+"é"))
	require.NoError(t, position.Save(t.Context(), strings.Repeat("7", 100)))
	store.err = errDisk
	require.ErrorIs(t, position.Save(t.Context(), "8"), errDisk)
	id, err := position.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("7", 100), id)
	got := spans.GetSpans()
	require.Len(t, got, 3)
	assert.Equal(t, "commit trades", got[0].Name)
	assert.Equal(t, []attribute.KeyValue{attribute.String("rxsse.stream", "trades"), attribute.String("rxsse.position", strings.Repeat("7", 99)+"…")}, got[0].Attributes)
	assert.Contains(t, got[1].Attributes, attribute.String("rxsse.position", strings.Repeat("7", 100)))
	assert.Equal(t, codes.Error, got[2].Status.Code)
	assert.Equal(t, "the disk is full", got[2].Status.Description)
}

// A memory keeps a position, and can fail.
type memory struct {
	id  string
	err error
}

func (m *memory) Load(context.Context) (string, error) { return m.id, nil }

func (m *memory) Save(_ context.Context, id string) error {
	if m.err != nil {
		return m.err
	}
	m.id = id
	return nil
}
