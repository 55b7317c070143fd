package sink_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// Events with one ID again and again: what follows the first may not have arrived.
func TestBroadcasterWithOneID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(3, 1<<20))
		for _, data := range []string{"0", "1", "2", "3"} {
			require.NoError(t, b.Send(t.Context(), codec.Event{ID: "5", Data: data}))
		}
		c, _, _ := connect(t, b, "/", "Last-Event-ID", "5")
		assert.Equal(t, "data: 1\nid: 5\n\ndata: 2\nid: 5\n\ndata: 3\nid: 5\n\n", c.body())
		finish(t, b)
	})
}

// At the end whoever has got all that has an ID is told not to come again, and does not
// go round in circles for what it can never say it has.
func TestBroadcasterCompletesForAll(t *testing.T) {
	for name, events := range map[string][]codec.Event{
		"a comment at the end":     {{ID: "1", Data: "x"}, {Comment: "bye"}},
		"a retry at the end":       {{ID: "1", Data: "x"}, {Retry: time.Second}},
		"space around an ID":       {{ID: "0", Data: "x"}, {ID: " 1 ", Data: "x"}},
		"an event of another type": {{ID: "1", Data: "x"}, {Type: "other", ID: "2", Data: "x"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := sink.NewBroadcaster()
			require.NoError(t, b.Send(t.Context(), events...))
			require.NoError(t, b.Complete(t.Context()))
			c, _, gone := connect(t, b, "/?type=message", "Last-Event-ID", "1")
			<-gone
			assert.Equal(t, http.StatusNoContent, c.status, name)
		})
	}
}

// With nobody there it does not matter that the context is over.
func TestBroadcasterCompleteWithNobodyThere(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			over, cancel := context.WithCancel(t.Context())
			cancel()
			b := sink.NewBroadcaster()
			send(t, b, "1", "2")
			require.NoError(t, b.Complete(over))
			c, _, gone := connect(t, b, "/", "Last-Event-ID", "1")
			<-gone
			assert.Equal(t, wires("2"), c.body())
		})
	}
}

// A client that was interrupted at the end may come back for what it has missed.
func TestBroadcasterCompleteThatInterrupts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c, _, gone := connect(t, b, "/")
		c.hold()
		send(t, b, "1", "2")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, b.Complete(ctx))
		<-gone
		c, _, gone = connect(t, b, "/", "Last-Event-ID", "1")
		<-gone
		assert.Equal(t, wires("2"), c.body())
	})
}

// A client that waits for events is not slow, however many come at once.
func TestBroadcasterBurst(t *testing.T) {
	for _, policy := range []sink.SlowClients{sink.DisconnectClients, sink.SkipEvents, sink.WaitForClients} {
		synctest.Test(t, func(t *testing.T) {
			b := sink.NewBroadcaster(sink.WithHistory(10, 1<<20), sink.WithSlowClients(policy))
			c, _, _ := connect(t, b, "/")
			var ids []string
			for i := range 1000 {
				ids = append(ids, fmt.Sprint(i))
			}
			send(t, b, ids...)
			synctest.Wait()
			assert.Equal(t, wires(ids...), c.body(), "policy %d", policy)
			finish(t, b)
		})
	}
}

// A heartbeat comes when nothing was written for long enough, however long writing took
// before.
func TestBroadcasterHeartbeatAfterBusyTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithWriteTimeout(time.Hour))
		c, _, _ := connect(t, b, "/")
		c.pace = time.Second * (32 << 10) / time.Duration(len(wires("100"))) // a second an event
		var ids []string
		for i := range 600 {
			ids = append(ids, fmt.Sprint(100+i))
		}
		send(t, b, ids...)
		time.Sleep(10*time.Minute + time.Second)
		assert.Equal(t, 600, strings.Count(c.body(), "data: "))
		time.Sleep(16 * time.Second)
		assert.Contains(t, c.body(), "\n\n:\n")
		finish(t, b)
	})
}

// Publishers that wait for a client wake nobody meanwhile.
func TestBroadcasterPublishersWaitInPeace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(1, 1<<20), sink.WithSlowClients(sink.WaitForClients), sink.WithWriteTimeout(time.Hour))
		c, _, _ := connect(t, b, "/")
		release := c.hold()
		var publishers sync.WaitGroup
		for i := range 3 {
			publishers.Go(func() {
				for j := range 5 {
					assert.NoError(t, b.Send(t.Context(), codec.Event{Data: fmt.Sprint(i, j)}))
				}
			})
		}
		synctest.Wait() // which does not return while they wake each other
		time.Sleep(time.Minute)
		release()
		publishers.Wait()
		settle()
		assert.Equal(t, 15, strings.Count(c.body(), "data: "))
		finish(t, b)
	})
}

// An event is as young as when it was sent, not as when it had to wait.
func TestBroadcasterAgesEventsFromWhenTheyAreSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHistory(1, 1<<20), sink.WithHistoryAge(5*time.Second),
			sink.WithSlowClients(sink.WaitForClients), sink.WithWriteTimeout(time.Hour))
		c, _, _ := connect(t, b, "/")
		release := c.hold()
		send(t, b, "1")
		synctest.Wait()
		send(t, b, "2")
		time.AfterFunc(9*time.Second, release)
		send(t, b, "3")
		again, _, _ := connect(t, b, "/", "Last-Event-ID", "2")
		assert.Equal(t, wires("3"), again.body())
		finish(t, b)
	})
}

// bare hides what a ResponseWriter can beside writing.
type bare struct{ http.ResponseWriter }

func TestBroadcasterBehindAHandlerThatCannotFlush(t *testing.T) {
	w := httptest.NewRecorder()
	sink.NewBroadcaster().ServeHTTP(bare{w}, httptest.NewRequest(http.MethodGet, "/", nil))
	assert.Equal(t, http.StatusInternalServerError, w.Code)
	assert.Contains(t, w.Body.String(), "http.Flusher")
}

// flushing is a connection without deadlines.
type flushing struct{ c *conn }

func (f flushing) Header() http.Header         { return f.c.Header() }
func (f flushing) WriteHeader(status int)      { f.c.WriteHeader(status) }
func (f flushing) Write(p []byte) (int, error) { return f.c.Write(p) }
func (f flushing) FlushError() error           { return f.c.FlushError() }

// Nobody can interrupt a connection without deadlines, so it is not waited for.
func TestBroadcasterShutdownWithoutDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c := newConn()
		release := c.hold()
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			b.ServeHTTP(flushing{c}, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		}()
		synctest.Wait()
		send(t, b, "1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		assert.Equal(t, context.DeadlineExceeded, b.Shutdown(ctx))
		assert.Equal(t, time.Second, time.Since(start))
		release()
		<-gone
	})
}

// The stream of an HTTP/2 client that has nothing to read does not end.
func TestBroadcasterOverHTTP2IsIdle(t *testing.T) {
	const unit = 20 * time.Millisecond
	b := sink.NewBroadcaster(sink.WithWriteTimeout(5*unit), sink.WithHeartbeat(time.Minute))
	server := httptest.NewUnstartedServer(b)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	response, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, 2, response.ProtoMajor)
	require.NoError(t, b.Send(t.Context(), event("1")))
	time.AfterFunc(30*unit, func() { _ = b.Complete(t.Context()) })
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, ":\n"+wires("1"), string(body))
}

// A client that reads slowly, but reads, gets an event of any size.
func TestBroadcasterWithALargeEventAndASlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithWriteTimeout(10*time.Second), sink.WithHistory(10, 64<<20))
		c, _, _ := connect(t, b, "/")
		c.pace = time.Second
		require.NoError(t, b.Send(t.Context(), codec.Event{ID: "1", Data: strings.Repeat("x", 1<<20)}))
		time.Sleep(time.Minute)
		assert.Greater(t, len(c.body()), 1<<20)
		finish(t, b)
	})
}
