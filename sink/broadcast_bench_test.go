package sink_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// discarding is a connection that takes everything at once.
type discarding struct{ header http.Header }

func (d discarding) Header() http.Header       { return d.header }
func (discarding) Write(p []byte) (int, error) { return len(p), nil }
func (discarding) WriteHeader(int)             {}
func (discarding) Flush()                      {}

// BenchmarkBroadcast measures the cost of an event with clients that want all events or
// none.
func BenchmarkBroadcast(b *testing.B) {
	const clients = 50
	none := sink.ClientConfig{Filter: func(codec.Event) bool { return false }}
	grouped := none
	grouped.Group = "none"
	for _, row := range []struct {
		name, target string
		opts         []sink.BroadcastOption
	}{
		{name: "all", target: "/"},
		{name: "none by type", target: "/?type=other"},
		{"none by filter", "/", []sink.BroadcastOption{always(none)}},
		{"none by group", "/", []sink.BroadcastOption{always(grouped)}},
	} {
		b.Run(row.name, func(b *testing.B) {
			broadcaster := sink.NewBroadcaster(append(row.opts, sink.WithSlowClients(sink.WaitForClients))...)
			var all sync.WaitGroup
			for range clients {
				all.Go(func() {
					r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, row.target, nil)
					broadcaster.ServeHTTP(discarding{http.Header{}}, r)
				})
			}
			for broadcaster.Stats().Clients < clients {
				runtime.Gosched()
			}
			events := make([]codec.Event, 64)
			for i := range events {
				events[i] = codec.Event{Type: "quote", Data: `{"symbol":"ACME","price":99.5}`}
			}
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += len(events) {
				if err := broadcaster.Send(b.Context(), events[:min(len(events), b.N-n)]...); err != nil {
					b.Fatal(err)
				}
			}
			if err := broadcaster.Shutdown(context.WithoutCancel(b.Context())); err != nil {
				b.Fatal(err)
			}
			all.Wait()
		})
	}
}
