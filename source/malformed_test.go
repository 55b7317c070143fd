package source_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// answering returns a client of a server that answers each request with wire, as
// it is, and closes the connection.
func answering(wire string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() { // ends with the request, or with either end
				defer func() { _ = server.Close() }()
				if _, err := http.ReadRequest(bufio.NewReader(server)); err == nil {
					_, _ = io.WriteString(server, wire)
				}
			}()
			return client, nil
		},
	}}
}

func TestAnswersThatAreNotHTTP(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
	const event = "id: 1\ndata: before\n\n"
	for name, c := range map[string]struct {
		wire, events, want string
	}{
		"nothing":              {"", "", "the server closed the connection without an answer"},
		"half a status line":   {"HTTP/1.1 2", "", "malformed HTTP status code"},
		"half a header":        {head + "X-Hal", "", "malformed MIME header"},
		"another protocol":     {"SSH-2.0-OpenSSH_9.9\r\n", "", "malformed HTTP response"},
		"a very long line":     {"SSH-" + strings.Repeat("x", 1<<20) + "\r\n", "", "malformed HTTP response"},
		"no length of a chunk": {head + "Transfer-Encoding: chunked\r\n\r\n14\r\n" + event + "\r\nnonsense\r\n", "before", "invalid byte in chunk length"},
		"half a chunk":         {head + "Transfer-Encoding: chunked\r\n\r\nff\r\n" + event, "before", "unexpected EOF"},
		"half a body":          {head + "Content-Length: 1000\r\n\r\n" + event, "before", "unexpected EOF"},
		"not gzip":             {head + "Content-Encoding: gzip\r\n\r\n" + event, "", "gzip: invalid header"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := answering(c.wire)
				defer client.CloseIdleConnections()
				events, err := sink.Collect(t.Context(), source.SSE("http://host.example/?key=secret",
					source.WithHTTPClient(client), source.WithReconnect(source.ReconnectNever)))
				assert.Equal(t, c.events, data(events), "what came before is delivered")
				var failure *source.Error
				require.ErrorAs(t, err, &failure)
				assert.ErrorContains(t, err, "source: GET http://host.example/?key=…: ")
				assert.ErrorContains(t, err, c.want)
				assert.NotErrorIs(t, err, io.EOF, "that would say that the server has ended the response")
				assert.Less(t, len(err.Error()), 2000)
				if c.events != "" {
					assert.Equal(t, "1", failure.LastEventID)
				}
			})
		})
	}
}

// No body is an error: the standard gives every sequence of bytes a meaning. It never costs
// the events before and after.
func TestBodiesThatAreNoEvents(t *testing.T) {
	for name, garbage := range map[string]string{
		"binary":         "\x00\x01\xfe\xff\x80\r\n\n",
		"html":           "<html><body>data: not a field</body></html>\n\n",
		"json":           "{\"error\":\n\"data\"}\n\n",
		"fields alone":   "event: ping\nretry: soon\nid: a\x00b\n\n",
		"a late BOM":     "\xef\xbb\xbfdata: not a field\n\n",
		"blank lines":    strings.Repeat("\n\r\r\n", 1000),
		"a long comment": ":" + strings.Repeat("x", 20<<20) + "\n\n",
		"a long field":   strings.Repeat("x", 20<<20) + ": y\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) {
				if c.N > 1 {
					c.Answer(http.StatusNoContent, "")
				}
				c.Send(codec.Event{ID: "1", Data: "before"})
				c.Raw(garbage)
				c.Send(codec.Event{Data: "after"})
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				events, err := sink.Collect(t.Context(), client.Observe(server.URL()))
				require.NoError(t, err)
				assert.Equal(t, "before after", data(events))
				assert.Equal(t, "1", server.Requests()[1].LastEventID)
			})
		})
	}
}

// The hooks distinguish a server that hangs up from one that ends its response.
func TestTraceTellsHangingUpFromEnding(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			panic(http.ErrAbortHandler)
		case 2:
			return
		}
		c.Answer(http.StatusNoContent, "")
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var ended []bool
		trace := &source.Trace{Disconnected: func(_ source.Attempt, err error) { ended = append(ended, errors.Is(err, io.EOF)) }}
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithTrace(trace)))
		require.NoError(t, err)
		assert.Equal(t, []bool{false, true}, ended)
	})
}
