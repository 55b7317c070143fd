package source_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/rxssetest"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

var errGone = errors.New("gone")

// numbered returns events with the ids and data 1 to n.
func numbered(n int) []codec.Event {
	events := make([]codec.Event, n)
	for i := range events {
		id := strconv.Itoa(i + 1)
		events[i] = codec.Event{Type: codec.DefaultType, ID: id, Data: "event " + id}
	}
	return events
}

// data returns the data of events, separated by spaces.
func data(events []codec.Event) string {
	all := make([]string, len(events))
	for i, e := range events {
		all[i] = e.Data
	}
	return strings.Join(all, " ")
}

// within runs a test in a bubble, with a server in memory that plays script.
func within(t *testing.T, script func(*ssetest.Conn), test func(t *testing.T, server *ssetest.Server, client *source.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := ssetest.NewMemoryServer(script)
		defer server.Close()
		test(t, server, source.NewClient(source.WithHTTPClient(server.Client()), exactly))
	})
}

// assertLeft checks that the server has seen the client leave. Since Go 1.27, net/http may
// read on for 50 ms after a body is closed, to reuse the connection.
func assertLeft(t *testing.T, server *ssetest.Server, message ...any) {
	t.Helper()
	time.Sleep(50 * time.Millisecond) // of the bubble
	synctest.Wait()
	assert.Zero(t, server.Playing(), message...)
}

// exactly makes all waits exact.
var exactly = source.WithBackoff(source.Backoff{Jitter: -1})

func TestContractOfSSE(t *testing.T) {
	// Each subscription gets its own server, in the bubble of its case.
	sse := func(script func(*ssetest.Conn), opts ...source.Option) func() rxsse.Observable[codec.Event] {
		return func() rxsse.Observable[codec.Event] {
			return func(ctx context.Context) iter.Seq2[codec.Event, error] {
				return func(yield func(codec.Event, error) bool) {
					server := ssetest.NewMemoryServer(script)
					defer server.Close()
					client := source.NewClient(source.WithHTTPClient(server.Client()))
					client.Observe(server.URL(), opts...)(ctx)(yield)
				}
			}
		}
	}
	finite := numbered(5)
	rxssetest.Source[codec.Event]{
		Finite: sse(ssetest.Replay(finite, 1, 3)),
		Want:   finite,
		Endless: sse(func(c *ssetest.Conn) {
			for _, e := range numbered(1000) {
				c.Send(e)
			}
			c.Drop()
		}),
		Silent: sse(func(c *ssetest.Conn) { c.Hold() }),
	}.Check(t)
	t.Run("never answers", rxssetest.Source[codec.Event]{
		Silent: sse(func(c *ssetest.Conn) { <-c.Gone() }),
	}.Check)
	t.Run("waits between attempts", rxssetest.Source[codec.Event]{
		Silent: sse(func(c *ssetest.Conn) { c.Drop() }, source.WithReconnectionTime(24*time.Hour)),
	}.Check)
}

func TestDeliversEvents(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Raw("event: greeting\nid: 1\ndata: hello\ndata: world\n\n")
		c.Sleep(time.Second)
		c.Raw(": heartbeat\n\ndata: again\r\n\r\n")
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var got []codec.Event
		start := time.Now()
		for e, err := range client.Observe(server.URL())(t.Context()) {
			require.NoError(t, err)
			if got = append(got, e); len(got) == 2 {
				break
			}
		}
		assert.Equal(t, []codec.Event{
			{Type: "greeting", ID: "1", Data: "hello\nworld"},
			{Type: "message", ID: "1", Data: "again"},
		}, got)
		assert.Equal(t, time.Second, time.Since(start), "delivered when they come")
		assertLeft(t, server, "the server sees the client leave")
	})
}

func TestRequest(t *testing.T) {
	requestOf := func(t *testing.T, opts ...source.Option) (got ssetest.Request) {
		t.Helper()
		within(t, func(c *ssetest.Conn) { c.Answer(http.StatusNoContent, "") },
			func(t *testing.T, server *ssetest.Server, client *source.Client) {
				events, err := sink.Collect(t.Context(), client.Observe(server.URL()+"/a?b=c", opts...))
				require.NoError(t, err)
				require.Empty(t, events)
				require.Len(t, server.Requests(), 1)
				got = server.Requests()[0]
			})
		return got
	}
	t.Run("default", func(t *testing.T) {
		r := requestOf(t)
		assert.Equal(t, http.MethodGet, r.Method)
		assert.Equal(t, "/a?b=c", r.URL)
		assert.Equal(t, []string{"text/event-stream"}, r.Header["Accept"])
		assert.Equal(t, []string{"no-cache"}, r.Header["Cache-Control"])
		assert.Equal(t, []string{"identity"}, r.Header["Accept-Encoding"])
		assert.False(t, r.HasLastEventID)
		assert.NotContains(t, r.Header, "Content-Length")
	})
	t.Run("headers", func(t *testing.T) {
		r := requestOf(t, source.WithHeader("authorization", "Bearer t"), source.WithHeader("Accept", "text/event-stream, */*"))
		assert.Equal(t, "Bearer t", r.Header.Get("Authorization"))
		assert.Equal(t, []string{"text/event-stream, */*"}, r.Header["Accept"])
	})
	t.Run("last event id", func(t *testing.T) {
		assert.Equal(t, "42 ✔", requestOf(t, source.WithLastEventID("42 ✔")).LastEventID)
		assert.False(t, requestOf(t, source.WithLastEventID("")).HasLastEventID)
		assert.False(t, requestOf(t, source.WithLastEventID("un\x01fit")).HasLastEventID)
	})
}

func TestOptionsOfACallHoldForThatCall(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Answer(http.StatusNoContent, "") },
		func(t *testing.T, server *ssetest.Server, _ *source.Client) {
			client := source.NewClient(source.WithHTTPClient(server.Client()), source.WithHeader("X", "client"))
			for _, opts := range [][]source.Option{{source.WithHeader("X", "call")}, nil} {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), opts...))
				require.NoError(t, err)
			}
			assert.Equal(t, "call", server.Requests()[0].Header.Get("X"))
			assert.Equal(t, "client", server.Requests()[1].Header.Get("X"))
		})
}

// Streams of one client do not share the lists that their options extend.
func TestOptionsOfTwoCallsDoNotMix(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		if c.N > 2 {
			c.Answer(http.StatusGone, "")
		}
		c.Raw(": comment\nretry: 1\n\n")
	}, func(t *testing.T, server *ssetest.Server, _ *source.Client) {
		opts := []source.Option{source.WithHTTPClient(server.Client())}
		for _, name := range []string{"a", "b", "c"} { // so that the lists have room for one more
			opts = append(opts, source.WithVisibleQuery(name), source.WithTrace(&source.Trace{}), source.WithMeter(new(source.Meter)), source.WithMaxEventSize(1000))
		}
		client := source.NewClient(opts...)
		var meters [2]source.Meter
		var ended [2][]source.AttemptEnd
		stream := func(i int, visible string, kind source.Option) rxsse.Observable[codec.Event] {
			return client.Observe(server.URL()+"?x=1&y=2", source.WithMeter(&meters[i]), source.WithVisibleQuery(visible), kind,
				source.WithTrace(ends(&ended[i])))
		}
		first := stream(0, "x", source.WithComments(true))
		second := stream(1, "y", source.WithRetryEvents(true))
		events, err := sink.Collect(t.Context(), operators.Take(first, 1))
		require.NoError(t, err)
		assert.Equal(t, codec.KindComment, events[0].Kind())
		events, err = sink.Collect(t.Context(), operators.Take(second, 1))
		require.NoError(t, err)
		assert.Equal(t, codec.KindRetry, events[0].Kind())
		for i, shown := range []string{"?x=1&y=…", "?x=…&y=2"} {
			assert.EqualValues(t, 1, meters[i].Stats().Attempts)
			assert.Len(t, ended[i], 1)
			_, err = sink.Collect(t.Context(), []rxsse.Observable[codec.Event]{first, second}[i])
			assert.ErrorContains(t, err, shown)
		}
	})
}

func TestBodyIsSentAgain(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		if c.N < 3 {
			c.Send(numbered(c.N)[c.N-1])
			return
		}
		c.Answer(http.StatusNoContent, "")
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL(), strings.NewReader(`{"stream":true}`))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		events, err := sink.Collect(t.Context(), client.ObserveRequest(req, source.WithReconnect(source.ReconnectAlways)))
		require.NoError(t, err)
		assert.Equal(t, "event 1 event 2", data(events))
		require.Len(t, server.Requests(), 3)
		for i, r := range server.Requests() {
			assert.Equal(t, http.MethodPost, r.Method)
			assert.Equal(t, `{"stream":true}`, string(r.Body))
			assert.EqualValues(t, len(r.Body), r.ContentLength)
			assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
			assert.Equal(t, []string{"", "1", "2"}[i], r.LastEventID)
		}
	})
}

func TestBodyThatCannotBeSentAgain(t *testing.T) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/", io.MultiReader())
	require.NoError(t, err)
	leavesBody := source.WithPrepare(func(*http.Request) error { return nil })
	for _, opts := range [][]source.Option{nil, {leavesBody}} {
		_, err = sink.Collect(t.Context(), source.NewClient(opts...).ObserveRequest(req))
		require.ErrorIs(t, err, source.ErrRequest)
		assert.ErrorContains(t, err, "a body but no GetBody")
	}
}

// The client's Timeout bounds a request with its body; a stream has no such bound.
func TestTimeoutOfTheHTTPClientDoesNotCutTheStream(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Send(numbered(1)...)
		c.Sleep(time.Hour)
		c.Send(numbered(2)[1])
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, _ *source.Client) {
		impatient := *server.Client()
		impatient.Timeout = time.Second
		var got []codec.Event
		for e, err := range source.SSE(server.URL(), source.WithHTTPClient(&impatient))(t.Context()) {
			require.NoError(t, err)
			if got = append(got, e); len(got) == 2 {
				break
			}
		}
		assert.Len(t, server.Requests(), 1)
		assert.Equal(t, time.Second, impatient.Timeout, "the caller's client is left as it is")
	})
}

// An id that cannot be sent is still the last event ID of events.
func TestIDsThatCannotBeSentDoNotWedge(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Raw("id: bell\adata\ndata: 1\n\n")
		case 2:
			c.Raw("id: fit\ndata: 2\n\n")
		default:
			c.Answer(http.StatusNoContent, "")
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		events, err := sink.Collect(t.Context(), client.Observe(server.URL()))
		require.NoError(t, err)
		assert.Equal(t, "1 2", data(events))
		assert.False(t, server.Requests()[1].HasLastEventID)
		assert.Equal(t, "fit", server.Requests()[2].LastEventID)
	})
}

func TestUnusableURL(t *testing.T) {
	for url, want := range map[string]string{
		"http://user:pass@[half/?key=secret": "source: GET ",
		"no-scheme.example/x?key=secret":     `source: GET no-scheme.example/x?key=…: the request cannot be sent: unusable URL: scheme "", want "http" or "https"`,
		"gopher://u:pass@host/?key=secret":   `source: GET gopher://host/?key=…: the request cannot be sent: unusable URL: scheme "gopher"`,
		"http:///path":                       "source: GET http:///path: the request cannot be sent: unusable URL: it has no host",
	} {
		_, err := sink.Collect(t.Context(), source.SSE(url)) // at once, without an attempt
		var failure *source.Error
		require.ErrorAs(t, err, &failure, url)
		assert.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "secret", url)
		assert.NotContains(t, err.Error(), "pass@", url)
	}
	_, err := sink.Collect(t.Context(), new(source.Client).ObserveRequest(&http.Request{}))
	assert.ErrorIs(t, err, source.ErrRequest)
}

func TestCommentsAndRetryEvents(t *testing.T) {
	for name, c := range map[string]struct {
		opts []source.Option
		want []string
	}{
		"none":     {nil, []string{"a", "b"}},
		"comments": {[]source.Option{source.WithComments(true)}, []string{"a", "# ping", "b"}},
		"retries":  {[]source.Option{source.WithRetryEvents(true)}, []string{"a", "50ms", "b"}},
		"both":     {[]source.Option{source.WithComments(true), source.WithRetryEvents(true)}, []string{"a", "# ping", "50ms", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) {
				if c.N > 1 {
					c.Answer(http.StatusNoContent, "")
				}
				c.Raw("id: 1\ndata: a\n\n: ping\n\nretry: 50\n\ndata: b\n\n")
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				var got []string
				for e, err := range client.Observe(server.URL(), c.opts...)(t.Context()) {
					require.NoError(t, err)
					switch {
					case e.Type != "":
						got = append(got, e.Data)
					case e.Retry != 0:
						got = append(got, e.Retry.String())
					default:
						got = append(got, "#"+e.Comment)
					}
				}
				assert.Equal(t, c.want, got)
			})
		})
	}
}

// A panic of a script fails the test that uses it, with the panic's message.
func TestPanicOfAScriptReachesTheStream(t *testing.T) {
	within(t, func(*ssetest.Conn) { panic("oops") }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		_, err := sink.Collect(t.Context(), client.Observe(server.URL()))
		require.ErrorContains(t, err, "the script has panicked: oops")
		assert.Panics(t, server.Close)
	})
}
