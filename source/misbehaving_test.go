package source_test

import (
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// Each of these servers misbehaves on its first connections and then, since the client
// keeps trying, sends it events 1 to 3.
func TestServersThatMisbehave(t *testing.T) {
	good := ssetest.Replay(numbered(3))
	for name, c := range map[string]struct {
		times int // how many connections are bad
		bad   func(*ssetest.Conn)
		after time.Duration // until the last event is there, at least
		opts  []source.Option
	}{
		"closes before the header":  {1, func(*ssetest.Conn) { panic(http.ErrAbortHandler) }, 3 * time.Second, nil},
		"resets before the header":  {1, func(c *ssetest.Conn) { c.Reset() }, 3 * time.Second, nil},
		"closes in mid-line":        {1, func(c *ssetest.Conn) { c.Raw("id: 7\ndata: eve"); c.Drop() }, 3 * time.Second, nil},
		"closes after a line":       {1, func(c *ssetest.Conn) { c.Raw("id: 7\ndata: event\n"); c.Drop() }, 3 * time.Second, nil},
		"resets in mid-line":        {1, func(c *ssetest.Conn) { c.Raw("id: 7\ndata: eve"); c.Reset() }, 3 * time.Second, nil},
		"closes between events":     {1, func(c *ssetest.Conn) { c.Send(numbered(1)...); c.Drop() }, 3 * time.Second, nil},
		"ends between events":       {1, func(c *ssetest.Conn) { c.Send(numbered(1)...) }, 3 * time.Second, nil},
		"never answers":             {1, func(c *ssetest.Conn) { <-c.Gone() }, 13 * time.Second, []source.Option{source.WithConnectTimeout(10 * time.Second)}},
		"accepts and is silent":     {1, func(c *ssetest.Conn) { c.Hold() }, 13 * time.Second, []source.Option{source.WithIdleTimeout(10 * time.Second)}},
		"goes silent":               {1, func(c *ssetest.Conn) { c.Send(numbered(1)...); c.Hold() }, 13 * time.Second, []source.Option{source.WithIdleTimeout(10 * time.Second)}},
		"says retry: 0, and ends":   {20, func(c *ssetest.Conn) { c.Raw("retry: 0\n\n") }, 20 * 100 * time.Millisecond, nil},
		"says retry: 10^30":         {1, func(c *ssetest.Conn) { c.Raw("retry: 1" + strings.Repeat("0", 30) + "\n\n") }, time.Hour, nil},
		"is busy for a thousand":    {1000, status(http.StatusServiceUnavailable, "busy"), 1000 * 3 * time.Second, nil},
		"flaps a thousand times":    {1000, func(c *ssetest.Conn) { c.Open() }, 1000 * 3 * time.Second, nil},
		"resets a thousand times":   {1000, func(c *ssetest.Conn) { c.Open(); c.Reset() }, 1000 * 3 * time.Second, nil},
		"asks to wait for a decade": {1, func(c *ssetest.Conn) { c.Header().Set("Retry-After", "300000000"); c.Answer(503, "") }, time.Hour, nil},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				if conn.N <= c.times {
					c.bad(conn)
					return
				}
				good(conn)
				conn.Hold()
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				start := time.Now()
				var events []codec.Event
				for e, err := range client.Observe(server.URL(), c.opts...)(t.Context()) {
					require.NoError(t, err)
					if events = append(events, e); len(events) == 3 {
						break
					}
				}
				assert.Equal(t, numbered(3), events)
				assert.Len(t, server.Requests(), c.times+1)
				took := time.Since(start)
				assert.GreaterOrEqual(t, took, c.after, "no busy loop")
				assert.Less(t, took, 40*time.Second*time.Duration(c.times)+c.after, "nor is it left in peace forever")
				assertLeft(t, server)
			})
		})
	}
}

func TestServersThatAreNoEventStream(t *testing.T) {
	for name, script := range map[string]func(*ssetest.Conn){
		"200 with HTML": func(c *ssetest.Conn) {
			c.Header().Set("Content-Type", "text/html")
			c.Answer(http.StatusOK, "<html>log in first</html>")
		},
		"200 with HTML that does not end": func(c *ssetest.Conn) {
			c.Header().Set("Content-Type", "text/html")
			for {
				c.Raw("<br>")
				c.Sleep(time.Second)
			}
		},
		"no type at all": func(c *ssetest.Conn) {
			c.Header()["Content-Type"] = []string{""}
			c.Answer(http.StatusOK, "data: 1\n\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, script, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				start := time.Now()
				_, err := sink.Collect(t.Context(), client.Observe(server.URL()))
				require.ErrorIs(t, err, source.ErrContentType)
				assert.LessOrEqual(t, time.Since(start), 5*time.Second)
				assert.Len(t, server.Requests(), 1, "it is final")
			})
		})
	}
}

// A byte a second is not silence, and each event is delivered when it is complete.
func TestOneByteASecond(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		if c.N > 1 {
			c.Answer(http.StatusNoContent, "")
		}
		for _, e := range numbered(2) {
			for _, b := range []byte(e.String()) {
				c.Raw(string(b))
				c.Sleep(time.Second)
			}
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		events, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithIdleTimeout(2*time.Second)))
		require.NoError(t, err)
		assert.Equal(t, numbered(2), events)
		assert.Len(t, server.Requests(), 2, "no idle timeout")
	})
}

// A million events in a burst wait on the network while the consumer is busy.
func TestBurstToASlowConsumer(t *testing.T) {
	events := 1_000_000
	if testing.Short() {
		events = 50_000
	}
	within(t, func(c *ssetest.Conn) {
		if c.N > 1 {
			c.Answer(http.StatusNoContent, "")
		}
		var wire []byte
		for i := range events {
			wire = append(wire, "id: "...)
			wire = strconv.AppendInt(wire, int64(i), 10)
			wire = append(wire, "\ndata: event\n\n"...)
			if len(wire) > 32<<10 {
				c.Raw(string(wire))
				wire = wire[:0]
			}
		}
		c.Raw(string(wire))
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		n, most := 0, uint64(0)
		var memory runtime.MemStats
		for e, err := range client.Observe(server.URL())(t.Context()) {
			require.NoError(t, err)
			if e.ID != strconv.Itoa(n) {
				t.Fatalf("event %q at %d", e.ID, n)
			}
			if n++; n%(events/20) == 0 {
				time.Sleep(time.Hour)
				runtime.GC()
				runtime.ReadMemStats(&memory)
				most = max(most, memory.HeapAlloc)
			}
		}
		assert.Equal(t, events, n)
		assert.Less(t, most, uint64(32<<20), "bytes of heap")
		assert.Len(t, server.Requests(), 2)
	})
}

// The stream and its reconnect go through the proxy of the caller's transport.
func TestProxy(t *testing.T) {
	within(t, ssetest.Replay(numbered(2), 1), func(t *testing.T, proxy *ssetest.Server, _ *source.Client) {
		transport, ok := proxy.Client().Transport.(*http.Transport)
		require.True(t, ok)
		transport = transport.Clone()
		defer transport.CloseIdleConnections()
		transport.Proxy = func(req *http.Request) (*url.URL, error) { return req.URL.Parse(proxy.URL()) }
		var events []codec.Event
		for e, err := range source.SSE("http://far.example/events", source.WithHTTPClient(&http.Client{Transport: transport}))(t.Context()) {
			require.NoError(t, err)
			if events = append(events, e); len(events) == 2 {
				break
			}
		}
		assert.Equal(t, numbered(2), events)
		for _, r := range proxy.Requests() {
			assert.Equal(t, "far.example", r.Host)
			assert.Equal(t, "http://far.example/events", r.URL)
		}
	})
}
