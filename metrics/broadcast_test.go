package metrics_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/metrics"
	"github.com/rxsse/rxsse/sink"
)

// slow is a client that takes a second for each write.
type slow struct{ *httptest.ResponseRecorder }

func (s slow) Write(p []byte) (int, error) {
	time.Sleep(time.Second)
	return s.ResponseRecorder.Write(p)
}

// The events that slow clients miss add up over the broadcasters of a name, as do clients
// with an ID that is no longer known.
func TestSkippedEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var set metrics.Set
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan struct{}, 2)
		for range 2 {
			b := set.Broadcaster("prices", sink.NewBroadcaster(sink.WithHistory(2, 1<<20), sink.WithSlowClients(sink.SkipEvents)))
			go func() {
				r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
				r.Header.Set("Last-Event-ID", "forgotten")
				b.ServeHTTP(slow{httptest.NewRecorder()}, r)
				left <- struct{}{}
			}()
			time.Sleep(2 * time.Second)
			require.NoError(t, b.Send(t.Context(), codec.Event{Data: "written"}))
			time.Sleep(100 * time.Millisecond)
			require.NoError(t, b.Send(t.Context(), numbered(5)...)) // the history holds two of them
			time.Sleep(5 * time.Second)
		}
		assert.EqualValues(t, 6, values(&set, "prices")["rxsse.broadcast.skipped_events"])
		assert.EqualValues(t, 2, values(&set, "prices")["rxsse.broadcast.unknown_ids"])
		leave()
		<-left
		<-left
	})
}

// Samples are in the order of the definitions, and then of the names.
func TestOrderOfSamples(t *testing.T) {
	var set metrics.Set
	for _, name := range []string{"b", "c", "a"} {
		set.Broadcaster(name, sink.NewBroadcaster())
		set.Checkpoint(name, nil)
		set.Source(name)
		set.Dropped(name)
	}
	place := map[string]int{}
	for i, d := range metrics.Definitions() {
		place[d.Name] = i
	}
	samples := set.Samples()
	assert.Greater(t, len(samples), 3*28)
	assert.True(t, slices.IsSortedFunc(samples, func(a, b metrics.Sample) int {
		if place[a.Name] != place[b.Name] {
			return place[a.Name] - place[b.Name]
		}
		return strings.Compare(a.Stream, b.Stream)
	}))
}
