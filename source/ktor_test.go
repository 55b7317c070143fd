package source_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// These are the tests of Ktor's SSE client with their inputs and names, and the results of
// this client. Where it differs, by the standard or by design, the row says why.

// Ktor's SSESessionParserTest: both kinds of extra events are on.
func TestKtorParser(t *testing.T) {
	message := func(data string) codec.Event { return codec.Event{Type: "message", Data: data} }
	for _, c := range []struct {
		name, wire string
		want       []codec.Event
	}{
		{
			"testOnlyData", "data: This is the first message.\n\ndata: This is the second message, it\ndata: has two lines.\n\ndata: This is the third message.\r\n\r\n",
			[]codec.Event{message("This is the first message."), message("This is the second message, it\nhas two lines."), message("This is the third message.")},
		},
		{
			"testEventsWithDifferentTypes", "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\nevent: add\ndata: 113411\r\n\r\n",
			[]codec.Event{{Type: "add", Data: "73857293"}, {Type: "remove", Data: "2153"}, {Type: "add", Data: "113411"}},
		},
		{"testMultilineEvent", "data: HI\ndata: +7\ndata: 10\r\n\r\n", []codec.Event{message("HI\n+7\n10")}},
		{ // a comment is a separate event here, at the end of its line
			"testComments", ": it is comment\n\n\n: second comment\ndata: Hello\n: one more comment\ndata: World\n\n:just comment\n\n:not a comment",
			[]codec.Event{
				{Comment: " it is comment"},
				{Comment: " second comment"},
				{Comment: " one more comment"},
				message("Hello\nWorld"),
				{Comment: "just comment"},
			},
		},
		{ // a type that is empty is "message"; a block with data lines is dispatched
			"testEmptyFields", "data: first event\nid: 1\n\ndata:empty id\nid\n\nid\ndata\nevent\n\ndata\n\ndata\ndata\r\n\r\n",
			[]codec.Event{{Type: "message", ID: "1", Data: "first event"}, message("empty id"), message(""), message(""), message("\n")},
		},
		{
			"testEventEndsWithEmptyLine", "data: first event\n\ndata: second event\n\ndata: no event\ndata: because no empty line after it",
			[]codec.Event{message("first event"), message("second event")},
		},
		{"testIdenticalEvents", "data: event\n\ndata:event\r\n\r\n", []codec.Event{message("event"), message("event")}},
		{ // without a data line there is no event
			"testIdAndEventField", "id: 1\nid: 2\nid: 3\ndata: id is\ndata: 3\n\nevent: add\nevent: remove\r\n\r\n",
			[]codec.Event{{Type: "message", ID: "3", Data: "id is\n3"}},
		},
		{
			"testFullEvents", "id: 1\ndata: 12\nevent: add\n\nevent: remove\nid: 2\ndata: -3\r\n\r\n",
			[]codec.Event{{Type: "add", ID: "1", Data: "12"}, {Type: "remove", ID: "2", Data: "-3"}},
		},
		{"testSkipBlankLines", "data: first\n\n\n\ndata: second\r\n\r\n", []codec.Event{message("first"), message("second")}},
		{"testNoEvents", "", nil},
		{"testNullCharacterInIdIgnored", "data: data\x00\nid: 123\x00456\r\n\r\n", []codec.Event{message("data\x00")}},
		{
			"testRetryField", "data: first\n\ndata: second\nretry: 100\n\nretry: 200\n\nretry: no12\r\n\r\n",
			[]codec.Event{message("first"), {Type: "message", Data: "second", Retry: 100 * time.Millisecond}, {Retry: 200 * time.Millisecond}},
		},
		{
			"testJsonInput", "data: {\ndata: \"a\": [1,\ndata: 2]\ndata: }\n\ndata: {\"a\": [1, 2]}\r\n\r\n",
			[]codec.Event{message("{\n\"a\": [1,\n2]\n}"), message(`{"a": [1, 2]}`)},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) { conn.Raw(c.wire) }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				events, err := sink.Collect(t.Context(), client.Observe(server.URL(),
					source.WithReconnect(source.ReconnectNever), source.WithComments(true), source.WithRetryEvents(true)))
				require.NoError(t, err)
				assert.Equal(t, c.want, events)
			})
		})
	}
}

// hello is Ktor's /hello: times events, with a pause before each and one before
// them all.
func hello(times int, interval, delay time.Duration) func(*ssetest.Conn) {
	return func(c *ssetest.Conn) {
		c.Sleep(delay)
		for i := range times {
			c.Raw(fmt.Sprintf("event: hello %d\r\ndata: hello\r\ndata: from server\r\nid: %d\r\n\r\n", i, i))
			c.Sleep(interval)
		}
	}
}

// comments is its /comments: times lines, comments and events in turn.
func comments(times int) func(*ssetest.Conn) {
	return func(c *ssetest.Conn) {
		for i := range times {
			c.Raw(fmt.Sprintf(": %d\n\ndata: %d\n\n", 2*i, 2*i+1))
		}
	}
}

// five sends five events, which begin after the last event ID, or at 1.
func five(c *ssetest.Conn) {
	last, _ := strconv.Atoi(c.LastEventID())
	for i := last + 1; i <= last+5; i++ {
		c.Send(codec.Event{ID: strconv.Itoa(i), Data: "event"})
	}
}

func ids(events []codec.Event) string {
	all := make([]string, len(events))
	for i, e := range events {
		all[i] = e.ID
	}
	return strings.Join(all, " ")
}

// counting returns "from … to".
func counting(from, to int) string {
	var all []string
	for i := from; i <= to; i++ {
		all = append(all, strconv.Itoa(i))
	}
	return strings.Join(all, " ")
}

// status answers every request with an error.
func status(code int, body string) func(*ssetest.Conn) {
	return func(c *ssetest.Conn) { c.Answer(code, body) }
}

// A ktorTest is one of Ktor's ServerSentEventsTest.
type ktorTest struct {
	name   string
	script func(*ssetest.Conn)
	test   func(t *testing.T, server *ssetest.Server, client *source.Client)
}

func playKtor(t *testing.T, tests []ktorTest) {
	t.Helper()
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) { within(t, c.script, c.test) })
	}
}

// once is Ktor's default: no reconnection.
func once() source.Option { return source.WithReconnect(source.ReconnectNever) }

func TestKtorSessions(t *testing.T) {
	playKtor(t, []ktorTest{
		{"testSseSession", hello(1, 0, 0), func(t *testing.T, server *ssetest.Server, client *source.Client) {
			session, err := client.Open(t.Context(), server.URL(), once())
			require.NoError(t, err)
			defer session.Close()
			assert.Equal(t, http.StatusOK, session.Response().StatusCode)
			for e, err := range session.Events() {
				require.NoError(t, err)
				assert.Equal(t, codec.Event{Type: "hello 0", Data: "hello\nfrom server", ID: "0"}, e)
				assert.Equal(t, "event: hello 0\ndata: hello\ndata: from server\nid: 0\n\n", e.String(), "an event prints itself")
			}
		}},
		{"sse(scheme, host, port, path)", hello(1, 0, 0), func(t *testing.T, server *ssetest.Server, client *source.Client) {
			at, err := url.Parse(server.URL())
			require.NoError(t, err)
			there := url.URL{Scheme: "http", Host: at.Host, Path: "/hello", RawQuery: url.Values{"times": {"1"}}.Encode()}
			events, err := sink.Collect(t.Context(), client.Observe(there.String(), once()))
			require.NoError(t, err)
			assert.Len(t, events, 1)
			assert.Equal(t, "/hello?times=1", server.Requests()[0].URL)
		}},
		{"testParallelSseSessions", func(c *ssetest.Conn) {
			times, _ := strconv.Atoi(strings.TrimPrefix(c.Request.URL, "/?times="))
			hello(times, time.Millisecond, 0)(c)
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			both := operators.Merge(
				operators.Map(client.Observe(server.URL()+"/?times=100", once()), func(e codec.Event) string { return "a" + e.ID }),
				operators.Map(client.Observe(server.URL()+"/?times=50", once()), func(e codec.Event) string { return "b" + e.ID }))
			all, err := sink.Collect(t.Context(), both)
			require.NoError(t, err)
			got := map[byte][]string{}
			for _, id := range all {
				got[id[0]] = append(got[id[0]], id[1:])
			}
			assert.Equal(t, counting(0, 99), strings.Join(got['a'], " "))
			assert.Equal(t, counting(0, 49), strings.Join(got['b'], " "))
		}},
		{"testCancelSseSession", hello(20, 100*time.Millisecond, 0), func(t *testing.T, server *ssetest.Server, client *source.Client) {
			session, err := client.Open(t.Context(), server.URL(), once())
			require.NoError(t, err)
			assert.Equal(t, "hello\nfrom server", take(t, session, 1))
			require.NoError(t, session.Close())
			assertLeft(t, server)
		}},
		{"testExceptionDuringSSESession", hello(1, 0, 0), func(t *testing.T, server *ssetest.Server, client *source.Client) {
			err := client.Use(t.Context(), server.URL(), func(s *source.Session) error {
				assert.Equal(t, http.StatusOK, s.Response().StatusCode)
				return errGone
			})
			assert.Equal(t, errGone, err, "the caller's own error is not wrapped")
		}},
		{"testCancellationExceptionSse", hello(20, time.Second, 0), func(t *testing.T, server *ssetest.Server, client *source.Client) {
			ctx, cancel := context.WithCancel(t.Context())
			err := client.Use(ctx, server.URL(), func(s *source.Session) error {
				cancel()
				_, err := rest(s)
				return err
			})
			assert.Equal(t, context.Canceled, err)
		}},
		{"testCallContextCancelled", hello(100, time.Second, 0), func(t *testing.T, server *ssetest.Server, client *source.Client) {
			for range 10 {
				ctx, cancel := context.WithCancel(t.Context())
				session, err := client.Open(ctx, server.URL())
				require.NoError(t, err)
				take(t, session, 1)
				cancel()
				_ = session.Close()
			}
			assertLeft(t, server, "no connection stays in use")
		}},
		{"testCancellingUnderlyingConnection", hello(100, time.Second, 0), func(t *testing.T, server *ssetest.Server, client *source.Client) {
			for range client.Observe(server.URL())(t.Context()) {
				assert.Equal(t, 1, server.Playing())
				break
			}
			assertLeft(t, server, "the server sees the client leave")
		}},
		{"testSseWithLogging", hello(1, 0, 0), func(t *testing.T, server *ssetest.Server, client *source.Client) {
			all := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))
			events, err := sink.Collect(t.Context(), client.Observe(server.URL(), once(), source.WithLogger(all)))
			require.NoError(t, err)
			assert.Len(t, events, 1)
		}},
	})
}

func TestKtorFilters(t *testing.T) {
	observe := func(t *testing.T, client *source.Client, server *ssetest.Server, opts ...source.Option) []codec.Event {
		t.Helper()
		events, err := sink.Collect(t.Context(), client.Observe(server.URL(), append(opts, once())...))
		require.NoError(t, err)
		return events
	}
	playKtor(t, []ktorTest{
		{"testNoCommentsByDefault", comments(50), func(t *testing.T, server *ssetest.Server, client *source.Client) {
			events := observe(t, client, server)
			require.Len(t, events, 50)
			for i, e := range events {
				assert.Equal(t, strconv.Itoa(2*i+1), e.Data)
			}
		}},
		{"testShowComments", comments(50), func(t *testing.T, server *ssetest.Server, _ *source.Client) {
			client := source.NewClient(source.WithHTTPClient(server.Client()), source.WithComments(true))
			events := observe(t, client, server)
			require.Len(t, events, 100)
			for i, e := range events {
				assert.Equal(t, strconv.Itoa(i), strings.TrimSpace(e.Comment+e.Data))
			}
		}},
		{"testDifferentConfigs", comments(50), func(t *testing.T, server *ssetest.Server, _ *source.Client) {
			client := source.NewClient(source.WithHTTPClient(server.Client()), source.WithComments(true))
			assert.Len(t, observe(t, client, server, source.WithComments(false)), 50)
			assert.Len(t, observe(t, client, server), 100, "the call before has changed nothing")
		}},
		{"showRetryEvents per call", func(c *ssetest.Conn) { c.Raw("id: 1\ndata: 1\n\nretry: 5\n\n: c\n\ndata: 2\n\n") }, func(t *testing.T, server *ssetest.Server, _ *source.Client) {
			client := source.NewClient(source.WithHTTPClient(server.Client()), source.WithRetryEvents(true))
			assert.Len(t, observe(t, client, server), 3)
			assert.Len(t, observe(t, client, server, source.WithRetryEvents(false)), 2, "also once an ID was seen")
		}},
		{"testRequestTimeoutIsNotApplied", hello(1, 0, 20*time.Millisecond), func(t *testing.T, server *ssetest.Server, _ *source.Client) {
			impatient := *server.Client()
			impatient.Timeout = 10 * time.Millisecond
			assert.Len(t, observe(t, source.NewClient(source.WithHTTPClient(&impatient)), server), 1)
		}},
		{"testContentTypeWithCharset", func(c *ssetest.Conn) {
			c.Header().Set("Content-Type", "Text/Event-Stream; charset=UTF-8")
			hello(1, 0, 0)(c)
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			assert.Len(t, observe(t, client, server), 1)
		}},
		{"testNoContentStream", func(c *ssetest.Conn) { c.Open() }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			assert.Empty(t, observe(t, client, server))
		}},
	})
}

func TestKtorErrors(t *testing.T) {
	open := func(t *testing.T, server *ssetest.Server, client *source.Client) *source.Error {
		t.Helper()
		_, err := client.Open(t.Context(), server.URL(), once())
		var failure *source.Error
		require.ErrorAs(t, err, &failure)
		return failure
	}
	playKtor(t, []ktorTest{
		{"testSseExceptionWhenResponseStatusIsNot200", status(http.StatusNotFound, ""), func(t *testing.T, server *ssetest.Server, client *source.Client) {
			failure := open(t, server, client)
			assert.Equal(t, http.StatusNotFound, failure.StatusCode)
			assert.ErrorIs(t, failure, source.ErrStatus)
			assert.ErrorContains(t, failure, "status 404 Not Found")
		}},
		{"testSseExceptionWhenResponseContentTypeNotRight", func(c *ssetest.Conn) {
			c.Header().Set("Content-Type", "text/plain")
			c.Open()
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			failure := open(t, server, client)
			assert.ErrorIs(t, failure, source.ErrContentType)
			assert.ErrorContains(t, failure, `unexpected content type "text/plain", want "text/event-stream"`)
		}},
		{"full response body in exception on non-200 status", status(http.StatusInternalServerError, "Server error"), func(t *testing.T, server *ssetest.Server, client *source.Client) {
			failure := open(t, server, client)
			assert.Equal(t, "Server error", string(failure.Body))
			assert.ErrorContains(t, failure, "Server error")
		}},
		{"with ContentNegotiation", func(c *ssetest.Conn) {
			c.Header().Set("Content-Type", "application/json")
			c.Answer(http.StatusBadRequest, `{"error":"no"}`)
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			failure := open(t, server, client)
			assert.Equal(t, http.StatusBadRequest, failure.StatusCode)
			assert.Equal(t, "application/json", failure.Header.Get("Content-Type"))
			assert.JSONEq(t, `{"error":"no"}`, string(failure.Body))
		}},
		{"BufferPolicy", func(c *ssetest.Conn) {
			hello(100, 0, 0)(c)
			c.Drop()
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			tail := func(opts ...source.Option) *source.Error {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), append(opts, once())...))
				var failure *source.Error
				require.ErrorAs(t, err, &failure)
				return failure
			}
			off := tail()
			assert.Empty(t, off.TailLines)
			assert.Empty(t, off.TailEvents)
			last := tail(source.WithErrorTail(3, 2))
			assert.Equal(t, []string{"data: from server", "id: 99", ""}, last.TailLines)
			assert.Equal(t, "98 99", ids(last.TailEvents))
		}},
	})
	t.Run("testSseSessionUnknownHostError", func(t *testing.T) {
		_, err := source.NewClient(source.WithHTTPClient(noSuchHost())).Open(t.Context(), "http://unknown_host", once())
		var failure *source.Error
		require.ErrorAs(t, err, &failure)
		assert.ErrorContains(t, failure.Err, "no such host")
	})
}

func TestKtorRequests(t *testing.T) {
	echo := func(c *ssetest.Conn) {
		c.Send(codec.Event{Data: c.Request.Method + " " + string(c.Request.Body), Type: c.Request.Header.Get("Content-Type"), ID: c.Request.Header.Get("Content-Length")})
	}
	send := func(t *testing.T, server *ssetest.Server, client *source.Client, method, body string) codec.Event {
		t.Helper()
		var reader io.Reader
		if body != "" {
			reader = strings.NewReader(body)
		}
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL(), reader)
		require.NoError(t, err)
		if body != "" {
			req.Header.Set("Content-Type", "text/plain")
		}
		e, err := sink.Collect(t.Context(), operators.Take(client.ObserveRequest(req), 1))
		require.NoError(t, err)
		require.Len(t, e, 1)
		return e[0]
	}
	playKtor(t, []ktorTest{
		{"testRequestBody", echo, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			assert.Equal(t, codec.Event{Type: "text/plain", Data: "POST hello", ID: "5"}, send(t, server, client, http.MethodPost, "hello"))
		}},
		{"testGetRequestWithoutBodyDoesNotSendContentLength", echo, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			assert.Empty(t, send(t, server, client, http.MethodGet, "").ID)
			assert.NotContains(t, server.Requests()[0].Header, "Content-Length")
		}},
		{"testPostRequestWithBodySendsContentLength", echo, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			assert.Equal(t, "5", send(t, server, client, http.MethodPost, "hello").ID)
		}},
		{"testWithAuthPlugin", func(c *ssetest.Conn) {
			if c.Request.Header.Get("Authorization") != "Bearer valid" {
				c.Header().Set("WWW-Authenticate", "Bearer")
				c.Answer(http.StatusUnauthorized, "")
			}
			c.Send(codec.Event{Data: "hello after refresh"})
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			token := "invalid"
			events, err := sink.Collect(t.Context(), operators.Take(client.Observe(server.URL(),
				source.WithPrepare(func(req *http.Request) error {
					req.Header.Set("Authorization", "Bearer "+token)
					return nil
				}),
				source.WithRetryIf(func(e *source.Error) bool {
					if e.StatusCode != http.StatusUnauthorized {
						return e.Temporary()
					}
					token = "valid" // the refresh
					return true
				})), 1))
			require.NoError(t, err)
			assert.Equal(t, "hello after refresh", data(events))
			assert.Len(t, server.Requests(), 2)
		}},
	})
}

func TestKtorDeserialization(t *testing.T) {
	type person struct{ Name string }
	type customer struct {
		ID                  int
		FirstName, LastName string
	}
	type product struct {
		Name  string
		Price int
	}
	playKtor(t, []ktorTest{
		{"testDeserializer", func(c *ssetest.Conn) {
			for i := range 10 {
				c.Send(codec.Event{ID: strconv.Itoa(i), Data: fmt.Sprintf(`{"Name":"Name %d"}`, i)})
			}
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			people, err := sink.Collect(t.Context(), operators.DecodeJSON[person](client.Observe(server.URL(), once())))
			require.NoError(t, err)
			require.Len(t, people, 10)
			assert.Equal(t, person{"Name 9"}, people[9])
		}},
		{"testExceptionIfWrongDeserializerProvided", func(c *ssetest.Conn) { c.Send(codec.Event{ID: "7", Data: `"no person"`}) }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			_, err := sink.Collect(t.Context(), operators.DecodeJSON[person](client.Observe(server.URL(), once())))
			var failure *codec.PayloadError
			assert.ErrorAs(t, err, &failure, "a wrong type is an error, not nothing")
		}},
		{"testDifferentDeserializers", func(c *ssetest.Conn) {
			c.Raw("event: customer\ndata: {\"ID\": 1,\ndata: \"FirstName\": \"Jet\",\ndata: \"LastName\": \"Brains\"}\n\nevent: product\ndata: {\"Name\":\"Milk\",\"Price\":100}\n\n")
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			decoded := operators.TryMap(client.Observe(server.URL(), once()), func(e codec.Event) (any, error) {
				switch e.Type {
				case "customer":
					return codec.JSON[customer]()(e)
				case "product":
					return codec.JSON[product]()(e)
				}
				return nil, fmt.Errorf("event %q", e.Type)
			})
			all, err := sink.Collect(t.Context(), decoded)
			require.NoError(t, err)
			assert.Equal(t, []any{customer{1, "Jet", "Brains"}, product{"Milk", 100}}, all)
		}},
	})
}

func TestKtorReconnection(t *testing.T) {
	playKtor(t, []ktorTest{
		{"testReconnection", five, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			start := time.Now()
			events, err := sink.Collect(t.Context(), operators.Take(client.Observe(server.URL(),
				source.WithMaxAttempts(1), source.WithReconnectionTime(100*time.Millisecond)), 10))
			require.NoError(t, err)
			assert.Equal(t, counting(1, 10), ids(events))
			assert.Len(t, server.Requests(), 2)
			assert.Equal(t, 100*time.Millisecond, time.Since(start))
		}},
		{"testClientExceptionDuringSSESession", five, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			var seen []codec.Event
			err := sink.ForEach(t.Context(), client.Observe(server.URL()), func(e codec.Event) error {
				if seen = append(seen, e); len(seen) == 7 {
					return errGone
				}
				return nil
			})
			assert.Equal(t, errGone, err)
			assert.Equal(t, counting(1, 7), ids(seen))
			assert.Len(t, server.Requests(), 2, "the consumer's own error is no reason to connect again")
		}},
		{"testServerExceptionDuringSSESession", func(c *ssetest.Conn) {
			if c.N > 1 {
				c.Answer(http.StatusInternalServerError, "")
			}
			five(c)
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			events, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithMaxAttempts(1)))
			assert.ErrorContains(t, err, "status 500 Internal Server Error")
			assert.Equal(t, counting(1, 5), ids(events))
			assert.Len(t, server.Requests(), 2)
		}},
		{"testSeveralReconnections", five, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			events, err := sink.Collect(t.Context(), operators.Take(client.Observe(server.URL(), source.WithMaxAttempts(2)), 15))
			require.NoError(t, err)
			assert.Equal(t, counting(1, 15), ids(events))
			assert.Len(t, server.Requests(), 3)
		}},
		{"testMaxRetries", func(c *ssetest.Conn) {
			if c.N > 1 && c.N < 5 {
				c.Answer(http.StatusInternalServerError, "")
			}
			five(c)
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			events, err := sink.Collect(t.Context(), operators.Take(client.Observe(server.URL(), source.WithMaxAttempts(4)), 10))
			require.NoError(t, err)
			assert.Equal(t, counting(1, 10), ids(events))
			assert.Len(t, server.Requests(), 5)
		}},
		{"testNoContent", func(c *ssetest.Conn) {
			if c.N > 2 {
				c.Answer(http.StatusNoContent, "")
			}
			five(c)
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			events, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithMaxAttempts(1)))
			require.NoError(t, err)
			assert.Equal(t, counting(1, 10), ids(events))
			session, err := client.Open(t.Context(), server.URL(), source.WithMaxAttempts(1))
			require.NoError(t, err)
			defer session.Close()
			assert.Equal(t, http.StatusNoContent, session.Response().StatusCode)
			assert.Len(t, server.Requests(), 4, "an initial 204 costs one request")
		}},
		{"testSSESessionTimeout", func(c *ssetest.Conn) {
			if c.N == 1 {
				c.Hold()
			}
			five(c)
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			patience := source.WithIdleTimeout(100 * time.Millisecond)
			events, err := sink.Collect(t.Context(), operators.Take(client.Observe(server.URL(), patience), 5))
			require.NoError(t, err, "silence is a reason to connect again, not to give up")
			assert.Equal(t, counting(1, 5), ids(events))
		}},
	})
}

// noSuchHost returns a client whose every host is unknown.
func noSuchHost() *http.Client {
	return &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("dial tcp: lookup unknown_host: no such host")
	})}
}
