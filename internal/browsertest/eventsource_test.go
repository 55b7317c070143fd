package browsertest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// collecting records everything that its EventSource reports.
const collecting = `
const got = [], numbers = [];
let opened = 0, errors = 0;
const source = new EventSource("events" + location.search);
source.onopen = () => opened++;
source.onerror = () => errors++;
for (const type of ["message", "note"]) {
  source.addEventListener(type, (e) => got.push({type: e.type, data: e.data, id: e.lastEventId}));
}
source.addEventListener("number", (e) => numbers.push(Number(e.data)));
`

func TestEventsArriveAsTheyAre(t *testing.T) {
	b := sink.NewBroadcaster()
	ctx := browse(t, serve(t, collecting, b))
	eventually(ctx, t, "opened === 1")
	want := []codec.Event{
		{Type: "message", Data: "plain", ID: "1"},
		{Type: "note", Data: "two\nlines\n", ID: "2"},
		{Type: "note", Data: " a space, «Grüße», 日本, 🚀 ", ID: "ü"},
		{Type: "message", Data: "", ID: "4"},
	}
	require.NoError(t, b.Send(t.Context(), want[:2]...))
	require.NoError(t, b.Send(t.Context(), codec.Event{Comment: " not shown"}, codec.Event{Type: "unheard", Data: "x", ID: "3"}))
	require.NoError(t, b.Send(t.Context(), want[2:]...))
	eventually(ctx, t, "got.length === 4")
	type event struct{ Type, Data, ID string }
	for i, e := range evaluate[[]event](ctx, t, "got") {
		assert.Equal(t, event{want[i].Type, want[i].Data, want[i].ID}, e)
	}
	require.NoError(t, b.Complete(t.Context()))
}

func TestTypesAreFiltered(t *testing.T) {
	b := sink.NewBroadcaster()
	ctx := browse(t, serve(t, collecting, b)+"?type=note")
	eventually(ctx, t, "opened === 1")
	require.NoError(t, b.Send(t.Context(), codec.Event{Type: "message", Data: "no"}, codec.Event{Type: "note", Data: "yes"}))
	eventually(ctx, t, "got.length > 0")
	assert.Equal(t, "yes", evaluate[string](ctx, t, "got[0].data"))
	require.NoError(t, b.Complete(t.Context()))
}

// cutting ends a stream once text has been written to it.
type cutting struct {
	http.ResponseWriter

	text string
	end  context.CancelFunc
}

func (c cutting) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c cutting) Write(p []byte) (int, error) {
	if strings.Contains(string(p), c.text) {
		c.end()
	}
	return c.ResponseWriter.Write(p)
}

// A page that does not want the newest events gets their IDs from heartbeats, without an
// event, and reconnects with the newest one.
func TestHeartbeatsMoveTheLastEventID(t *testing.T) {
	b := sink.NewBroadcaster(sink.WithHistory(5, 1<<20), sink.WithHeartbeat(50*time.Millisecond),
		sink.WithRetry(10*time.Millisecond), sink.WithUnknownIDEvent(codec.Event{Type: "note", Data: "unknown"}))
	ids := make(chan string, 100)
	ctx := browse(t, serve(t, collecting, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ids <- r.Header.Get("Last-Event-ID")
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		b.ServeHTTP(cutting{w, "id: 10\n\n", cancel}, r.WithContext(ctx))
	}))+"?type=note")
	eventually(ctx, t, "opened === 1")
	require.Empty(t, <-ids)
	require.NoError(t, b.Send(t.Context(), codec.Event{Type: "note", Data: "first", ID: "0"}))
	for n := range 10 {
		require.NoError(t, b.Send(t.Context(), codec.Event{Type: "other", ID: number(n + 1)}))
	}
	eventually(ctx, t, "opened === 2")
	assert.Equal(t, "10", <-ids)
	require.NoError(t, b.Send(t.Context(), codec.Event{Type: "note", Data: "second"}))
	eventually(ctx, t, "got.length === 2")
	assert.Equal(t, "second", evaluate[string](ctx, t, "got[1].data"))
	require.NoError(t, b.Complete(t.Context()))
	eventually(ctx, t, "source.readyState === EventSource.CLOSED")
}

// The browser's connection is cut again and again: it reconnects by itself and misses
// nothing. Finally the server makes it stop.
func TestNothingIsMissed(t *testing.T) {
	const last = 1000
	b := sink.NewBroadcaster(sink.WithHistory(2*last, 1<<20), sink.WithRetry(10*time.Millisecond))
	var requests atomic.Int64
	ctx := browse(t, serve(t, collecting, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		ctx, cancel := context.WithTimeout(r.Context(), 100*time.Millisecond)
		defer cancel()
		b.ServeHTTP(w, r.WithContext(ctx))
	})))
	eventually(ctx, t, "opened === 1")
	for n := range last {
		require.NoError(t, b.Send(t.Context(), codec.Event{Type: "number", Data: strconv.Itoa(n)}))
		time.Sleep(time.Millisecond)
	}
	require.NoError(t, b.Complete(t.Context()))
	eventually(ctx, t, "source.readyState === EventSource.CLOSED")
	assert.Empty(t, evaluate[[]int](ctx, t, "numbers.filter((n, i) => n !== i)"), "once each, in order")
	assert.Equal(t, last, evaluate[int](ctx, t, "numbers.length"))
	assert.GreaterOrEqual(t, evaluate[int](ctx, t, "opened"), 5)
	before := requests.Load()
	time.Sleep(200 * time.Millisecond)
	assert.Equal(t, before, requests.Load(), "it does not come again")
}
