package sink_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

func TestRequests(t *testing.T) {
	app := sink.WithOrigins("https://app.example")
	for _, row := range []struct {
		name, method, target string
		header               map[string]string
		opts                 []sink.BroadcastOption
		status               int
		want                 map[string]string
	}{
		{name: "POST", method: "POST", status: 405, want: map[string]string{"Allow": "GET, HEAD, OPTIONS"}},
		{name: "HEAD", method: "HEAD", status: 200, want: map[string]string{
			"Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no",
		}},
		{name: "HEAD refused", method: "HEAD", status: 401, opts: []sink.BroadcastOption{
			sink.WithClient(func(*http.Request) (sink.ClientConfig, error) { return sink.ClientConfig{}, &sink.Refusal{Status: 401} }),
		}},
		{name: "as many types as a request may name", method: "HEAD", target: "?" + strings.Repeat("type=a&", 64), status: 200},
		{name: "too many types", method: "GET", target: "?" + strings.Repeat("type=a&", 65), status: 400},
		{name: "a query that cannot be parsed", method: "GET", target: "?type=%zz", status: 400},
		{name: "a semicolon in the query", method: "GET", target: "?type=a;type=b", status: 400},
		{name: "preflight", method: "OPTIONS", header: map[string]string{"Origin": "https://app.example"}, opts: []sink.BroadcastOption{app}, status: 204, want: map[string]string{
			"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Credentials": "true", "Vary": "Origin",
			"Access-Control-Allow-Methods": "GET, HEAD", "Access-Control-Allow-Headers": "Last-Event-ID, Cache-Control, Authorization",
			"Access-Control-Max-Age": "7200",
		}},
		{name: "preflight that names headers", method: "OPTIONS", header: map[string]string{
			"Origin": "https://app.example", "Access-Control-Request-Headers": "authorization,x-tenant",
		}, opts: []sink.BroadcastOption{app}, status: 204, want: map[string]string{"Access-Control-Allow-Headers": "authorization,x-tenant"}},
		{name: "another origin", method: "OPTIONS", header: map[string]string{"Origin": "https://b.example"}, opts: []sink.BroadcastOption{app}, status: 204, want: map[string]string{
			"Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": "", "Vary": "Origin",
		}},
		{name: "any origin, and one that may send cookies", method: "HEAD", header: map[string]string{"Origin": "https://b.example"}, opts: []sink.BroadcastOption{sink.WithOrigins("*", "https://app.example")}, status: 200, want: map[string]string{
			"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "", "Vary": "Origin",
		}},
		{name: "the one that may send cookies", method: "HEAD", header: map[string]string{"Origin": "https://app.example"}, opts: []sink.BroadcastOption{sink.WithOrigins("*", "https://app.example")}, status: 200, want: map[string]string{
			"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Credentials": "true", "Vary": "Origin",
		}},
		{name: "any origin", method: "OPTIONS", header: map[string]string{"Origin": "https://b.example"}, opts: []sink.BroadcastOption{sink.WithOrigins("*")}, status: 204, want: map[string]string{
			"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "", "Vary": "Access-Control-Request-Headers",
		}},
		{name: "no origin allowed", method: "OPTIONS", header: map[string]string{"Origin": "https://b.example"}, status: 204, want: map[string]string{
			"Access-Control-Allow-Origin": "",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), row.method, "/"+row.target, nil)
			for name, value := range row.header {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			b := sink.NewBroadcaster(row.opts...)
			b.ServeHTTP(w, r)
			assert.Equal(t, row.status, w.Code)
			assert.Equal(t, row.status >= 400, b.Stats().Refused == 1)
			for name, want := range row.want {
				assert.Equal(t, want, w.Header().Get(name), name)
			}
		})
	}
}

// Polyfills that cannot set the header name the last event ID in the query, each in its
// own spelling.
func TestLastEventIDInTheQuery(t *testing.T) {
	for _, name := range []string{"lastEventId", "lastEventID", "Last-Event-ID", "last-event-id", "last_event_id", "evs_last_event_id"} {
		synctest.Test(t, func(t *testing.T) {
			b := sink.NewBroadcaster()
			send(t, b, "1", "2", "3")
			c, _, _ := connect(t, b, "/?"+name+"=2")
			assert.Equal(t, wires("3"), c.body(), name)
			newer, _, _ := connect(t, b, "/?"+name+"=1", "Last-Event-ID", "2")
			assert.Equal(t, wires("3"), newer.body(), "the header is newer than the query")
			finish(t, b)
		})
	}
}

// A page that is refused temporarily comes back: its EventSource gets an empty stream
// instead of an error, after which it would never try again.
func TestRefusals(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T) *sink.Broadcaster{
		"full": func(t *testing.T) *sink.Broadcaster {
			b := sink.NewBroadcaster(sink.WithMaxClients(1))
			connect(t, b, "/")
			return b
		},
		"shut down": func(t *testing.T) *sink.Broadcaster {
			b := sink.NewBroadcaster()
			finish(t, b)
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := prepare(t)
				page, _, gone := connect(t, b, "/", "Accept", "text/event-stream")
				<-gone
				assert.Equal(t, http.StatusOK, page.explicit, "WriteHeader is called")
				assert.Equal(t, "text/event-stream", page.header.Get("Content-Type"))
				assert.Regexp(t, `^retry: [5-7]\d\d\d\n$`, page.all())
				other, _, gone := connect(t, b, "/", "Accept", "*/*")
				<-gone
				assert.Equal(t, http.StatusServiceUnavailable, other.status)
				assert.Regexp(t, `^[5-8]$`, other.header.Get("Retry-After"))
				assert.EqualValues(t, 2, b.Stats().Refused)
				finish(t, b)
			})
		})
	}
}

// There is room again when a client has left.
func TestMaxClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithMaxClients(1))
		_, leave, gone := connect(t, b, "/")
		second, _, _ := connect(t, b, "/")
		assert.Equal(t, http.StatusServiceUnavailable, second.status)
		leave()
		<-gone
		third, _, _ := connect(t, b, "/")
		assert.Equal(t, http.StatusOK, third.status)
		finish(t, b)
	})
}

// The last place may be taken while WithClient decides.
func TestLastPlaceIsTakenMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		decided := make(chan bool)
		b := sink.NewBroadcaster(sink.WithMaxClients(1), sink.WithClient(func(r *http.Request) (sink.ClientConfig, error) {
			if r.URL.Path == "/late" {
				<-decided
			}
			return sink.ClientConfig{Left: func(sink.Departure) { assert.NotEqual(t, "/late", r.URL.Path) }}, nil
		}))
		second, _, gone := connect(t, b, "/late")
		first, _, _ := connect(t, b, "/")
		close(decided)
		<-gone
		assert.Equal(t, http.StatusServiceUnavailable, second.status)
		assert.Equal(t, http.StatusOK, first.status)
		assert.EqualValues(t, 1, b.Stats().Refused)
		finish(t, b)
	})
}

// late holds the header back until there is a body, as compressing middleware and
// buffering proxies do.
type late struct {
	*conn

	wrote bool
}

func (l *late) Write(p []byte) (int, error) { l.wrote = true; return l.conn.Write(p) }

func (l *late) FlushError() error {
	if l.wrote {
		return l.conn.FlushError()
	}
	return nil
}

// The client gets the header at once, whatever is in between.
func TestFirstByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster()
		c := newConn()
		connectWith(t, b, &late{conn: c}, "/")
		assert.Equal(t, 1, c.flushes)
		assert.Equal(t, ":\n", c.all(), "a comment, without a blank line")
		assert.Equal(t, http.StatusOK, c.explicit, "WriteHeader is called")
		finish(t, b)
	})
}

func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHeartbeat(10*time.Second), sink.WithRetry(1500*time.Millisecond))
		c, _, _ := connect(t, b, "/")
		assert.Regexp(t, `^retry: (1[5-9]..|2[01]..|22[0-4].|2250)$`, c.opening(), "up to half as much again")
		time.Sleep(4 * time.Second)
		require.NoError(t, b.Send(t.Context(), event("1")))
		time.Sleep(10*time.Second - 1)
		synctest.Wait()
		assert.Equal(t, wires("1"), c.body())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		assert.Equal(t, wires("1")+":\n", c.body())
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, wires("1")+strings.Repeat(":\n", 7), c.body())
		finish(t, b)
	})
}

func TestHeartbeatEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithHeartbeat(10*time.Second), sink.WithHeartbeatEvent(codec.Event{Type: "beat", Data: "1"}))
		c, _, _ := connect(t, b, "/?type=other")
		time.Sleep(25 * time.Second)
		assert.Equal(t, strings.Repeat("event: beat\ndata: 1\n\n", 2), c.body())
		assert.Equal(t, 1+2, flushesOf(c), "the header and each heartbeat are flushed")
		finish(t, b)
	})
}

// A heartbeat is sent when nothing was written for its interval, however long earlier
// writes took.
func TestHeartbeatAfterLongWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sink.NewBroadcaster(sink.WithWriteTimeout(time.Hour))
		c, _, _ := connect(t, b, "/")
		c.pace = time.Second * (32 << 10) / time.Duration(len(wires("100"))) // a second for an event
		send(t, b, idsFrom(100, 699)...)
		time.Sleep(10*time.Minute + time.Second)
		assert.Equal(t, 600, strings.Count(c.body(), "data: "))
		time.Sleep(16 * time.Second)
		assert.Contains(t, c.body(), "\n\n:\n")
		finish(t, b)
	})
}

// bare hides everything of a ResponseWriter but its own three methods.
type bare struct{ http.ResponseWriter }

func TestBehindMiddlewareThatCannotFlush(t *testing.T) {
	w := httptest.NewRecorder()
	b := sink.NewBroadcaster()
	b.ServeHTTP(bare{w}, httptest.NewRequest(http.MethodGet, "/", nil))
	assert.Equal(t, http.StatusInternalServerError, w.Code)
	assert.EqualValues(t, 1, b.Stats().Refused)
	assert.Contains(t, w.Body.String(), "http.Flusher")
}

// The connection of a stream over HTTP/1.1 ends with it: the write deadline would hit the
// next request.
func TestConnectionEnds(t *testing.T) {
	b := sink.NewBroadcaster()
	server := httptest.NewServer(b)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	response, err := server.Client().Do(r)
	require.NoError(t, err)
	assert.True(t, response.Close)
	require.NoError(t, b.Send(t.Context(), event("1")))
	body := bufio.NewReader(response.Body)
	for _, want := range []string{":\n", "data: d1\n"} {
		line, err := body.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, want, line)
	}
	require.NoError(t, b.Complete(t.Context()))
	_, err = io.Copy(io.Discard, body)
	require.NoError(t, err, "a clean end")
	require.NoError(t, response.Body.Close())
}

// The stream of an HTTP/2 client that has nothing to read does not end with its write
// deadline.
func TestHTTP2IsIdle(t *testing.T) {
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

// The server's timeouts are for requests that end. They do not end a stream.
func TestServerTimeouts(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		b := sink.NewBroadcaster()
		server := httptest.NewUnstartedServer(b)
		server.Config.ReadTimeout = 50 * time.Millisecond
		server.Config.WriteTimeout = 50 * time.Millisecond
		server.Config.IdleTimeout = 50 * time.Millisecond
		server.EnableHTTP2 = http2
		if http2 {
			server.StartTLS()
		} else {
			server.Start()
		}
		response, err := server.Client().Get(server.URL) //nolint:bodyclose // it is closed below
		for range 20 {
			if err == nil {
				break // on a busy machine the timeouts may end the handshake
			}
			response, err = server.Client().Get(server.URL) //nolint:bodyclose // it is closed below
		}
		require.NoError(t, err)
		ended := make(chan string)
		go func() {
			body, err := io.ReadAll(response.Body)
			assert.NoError(t, err)
			ended <- string(body)
		}()
		select {
		case <-ended:
			t.Error("the stream ended")
		case <-time.After(200 * time.Millisecond):
			require.NoError(t, b.Send(t.Context(), event("1")))
			require.NoError(t, b.Complete(t.Context()))
			assert.Equal(t, ":\n"+wires("1"), <-ended)
		}
		require.NoError(t, response.Body.Close())
		server.Close()
	}
}
