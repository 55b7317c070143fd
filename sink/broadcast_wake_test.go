package sink_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// The first event after a pause is sent at once. Those that follow close behind are sent
// together, once a millisecond.
func TestClientsAreWokenOnceAMillisecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c, _, _ := connect(t, b, "/")
		for pause := range 3 {
			time.Sleep(time.Second)
			before, start := flushesOf(c), time.Now()
			var took []time.Duration // when the number of events that the client has changes
			has := strings.Count(c.body(), "data: ")
			for range 40 {
				require.NoError(t, b.Send(t.Context(), codec.Event{Data: "x"}))
				synctest.Wait()
				if n := strings.Count(c.body(), "data: "); n != has {
					has = n
					took = append(took, time.Since(start))
				}
				time.Sleep(time.Millisecond / 10)
			}
			synctest.Wait()
			assert.Equal(t, (pause+1)*40, strings.Count(c.body(), "data: "))
			assert.Equal(t, 5, flushesOf(c)-before, "at 0, 1, 2, 3 and 4 ms")
			assert.Zero(t, took[0])
		}
		finish(t, b)
	})
}

// An event that is published while clients are being woken for another one reaches all
// of them.
func TestEventDuringARoundOfWaking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients = 300
		b := sink.NewBroadcaster(sink.WithHeartbeat(time.Hour))
		var all []*conn
		for range clients {
			c, _, _ := connect(t, b, "/")
			all = append(all, c)
		}
		sent := 0
		for round := range 300 {
			time.Sleep(10 * time.Millisecond)
			require.NoError(t, b.Send(t.Context(), codec.Event{Data: "x"}))
			for range round % 20 {
				runtime.Gosched() // so that some clients have been woken, and others have not
			}
			require.NoError(t, b.Send(t.Context(), codec.Event{Data: "x"}))
			sent += 2
			settle()
			for i, c := range all {
				require.Equal(t, sent, strings.Count(c.all(), "data: "), "round %d, client %d", round, i)
			}
		}
		finish(t, b)
	})
}

// leaving is a client that leaves as soon as it has the header.
type leaving struct {
	http.ResponseWriter

	leave context.CancelFunc
}

func (l *leaving) FlushError() error { l.leave(); return nil }

// A client that has left is not kept in memory, nor is its group, however long the
// heartbeat interval.
func TestClientsThatHaveLeftAreForgotten(t *testing.T) {
	type group struct{ name string }
	b := sink.NewBroadcaster(sink.WithHeartbeat(24*time.Hour), sink.WithClient(func(r *http.Request) (sink.ClientConfig, error) {
		g, _ := r.Context().Value(group{}).(*group)
		return sink.ClientConfig{Group: g, Filter: func(codec.Event) bool { return true }}, nil
	}))
	visit := func(n int) (weak.Pointer[leaving], weak.Pointer[group]) {
		ctx, leave := context.WithCancel(t.Context())
		c, g := &leaving{httptest.NewRecorder(), leave}, &group{fmt.Sprint(n)}
		b.ServeHTTP(c, httptest.NewRequestWithContext(context.WithValue(ctx, group{}, g), http.MethodGet, "/", nil))
		return weak.Make(c), weak.Make(g)
	}
	var clients []weak.Pointer[leaving]
	var groups []weak.Pointer[group]
	for n := range 5 {
		c, g := visit(n)
		clients, groups = append(clients, c), append(groups, g)
	}
	require.EqualValues(t, 5, b.Stats().Left[sink.LeftClosed])
	kept := func() (n int) {
		for i := range clients {
			if clients[i].Value() != nil || groups[i].Value() != nil {
				n++
			}
		}
		return n
	}
	for range 1000 {
		runtime.GC() // the runtime may keep a timer for a while after it was stopped
		if kept() == 0 {
			break
		}
	}
	assert.Zero(t, kept())
	runtime.KeepAlive(b)
}
