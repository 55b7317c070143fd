package rxsseotel_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/rxsse/rxsse/metrics"
	rxsseotel "github.com/rxsse/rxsse/otel"
	"github.com/rxsse/rxsse/source"
)

// An endless answers each request with events, without a network.
type endless struct{ text string }

func (e endless) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		Request: req, StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}},
		Body: io.NopCloser(&repeater{text: e.text}),
	}, nil
}

// A repeater is a reader of the same text again and again, at most 4 KiB a read, as from a
// busy connection.
type repeater struct {
	text string
	at   int
}

func (r *repeater) Read(p []byte) (int, error) {
	n := copy(p[:min(len(p), 4096)], r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

// BenchmarkEvent measures the cost of an event of 100 bytes, with and without metrics and
// spans.
func BenchmarkEvent(b *testing.B) {
	text := strings.Repeat("id: 1234567\ndata: "+strings.Repeat("x", 80)+"\n\n", 1000)
	var set metrics.Set
	trace := rxsseotel.Trace("trades", rxsseotel.WithTracerProvider(sdktrace.NewTracerProvider()))
	for _, c := range []struct {
		name string
		opts []source.Option
	}{
		{"without", nil},
		{"metrics", []source.Option{set.Source("trades")}},
		{"spans", []source.Option{source.WithTrace(trace)}},
		{"both", []source.Option{set.Source("trades"), source.WithTrace(trace)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			events := source.SSE("http://host.example", append(c.opts, source.WithHTTPClient(&http.Client{Transport: endless{text}}))...)
			b.ReportAllocs()
			b.ResetTimer()
			left := b.N
			for _, err := range events(b.Context()) {
				if err != nil {
					b.Fatal(err)
				}
				if left--; left == 0 {
					break
				}
			}
		})
	}
}
