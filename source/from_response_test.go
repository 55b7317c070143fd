package source_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/rxssetest"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestContractOfFromResponse(t *testing.T) {
	// Each subscription gets its own response, in the bubble of its case.
	received := func(script func(*ssetest.Conn)) func() rxsse.Observable[codec.Event] {
		return func() rxsse.Observable[codec.Event] {
			return func(ctx context.Context) iter.Seq2[codec.Event, error] {
				return func(yield func(codec.Event, error) bool) {
					server := ssetest.NewMemoryServer(script)
					defer server.Close()
					asking := ctx // that of the range, as the documentation advises
					if ctx.Err() != nil {
						asking = context.WithoutCancel(ctx)
					}
					req, err := http.NewRequestWithContext(asking, http.MethodGet, server.URL(), nil)
					if err != nil {
						panic(err)
					}
					resp, err := server.Client().Do(req)
					if err != nil {
						panic(err)
					}
					source.FromResponse(resp)(ctx)(yield)
				}
			}
		}
	}
	rxssetest.Source[codec.Event]{
		Finite:  received(func(c *ssetest.Conn) { c.Send(numbered(3)...) }),
		Want:    numbered(3),
		Endless: received(func(c *ssetest.Conn) { c.Send(numbered(1000)...); c.Hold() }),
		Silent:  received(func(c *ssetest.Conn) { c.Hold() }),
	}.Check(t)
}

// answered calls test with the response to a GET, in a bubble, and checks that its body is
// closed and that there was no second request.
func answered(t *testing.T, script func(*ssetest.Conn), test func(t *testing.T, resp *http.Response)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := ssetest.NewMemoryServer(script)
		defer server.Close()
		resp, err := server.Client().Get(server.URL())
		require.NoError(t, err)
		test(t, resp)
		_, err = resp.Body.Read(make([]byte, 1))
		require.Error(t, err)
		assert.NotErrorIs(t, err, io.EOF, "the body is closed")
		assert.Len(t, server.Requests(), 1)
		assertLeft(t, server)
	})
}

func TestFromResponseThatBreaks(t *testing.T) {
	answered(t, func(c *ssetest.Conn) { c.Send(numbered(2)...); c.Drop() }, func(t *testing.T, resp *http.Response) {
		events, err := sink.Collect(t.Context(), source.FromResponse(resp))
		assert.Equal(t, numbered(2), events)
		var failed *source.Error
		require.ErrorAs(t, err, &failed)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.Equal(t, numbered(2)[1].ID, failed.LastEventID, "where a new request can resume")
	})
}

func TestFromResponseThatIsNoStream(t *testing.T) {
	for name, c := range map[string]struct {
		script func(*ssetest.Conn)
		want   error
		text   string
	}{
		"another status": {func(c *ssetest.Conn) { c.Answer(http.StatusUnauthorized, "no such key") }, source.ErrStatus, "no such key"},
		"another type": {func(c *ssetest.Conn) {
			c.Header().Set("Content-Type", "application/json")
			c.Answer(http.StatusOK, "{}")
		}, source.ErrContentType, "application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			answered(t, c.script, func(t *testing.T, resp *http.Response) {
				_, err := sink.Collect(t.Context(), source.FromResponse(resp))
				require.ErrorIs(t, err, c.want)
				require.ErrorContains(t, err, c.text)
				require.ErrorContains(t, err, resp.Request.URL.String())
			})
		})
	}
}

// An answer without content completes at once.
func TestFromResponseWithoutContent(t *testing.T) {
	answered(t, func(c *ssetest.Conn) { c.Answer(http.StatusNoContent, "") }, func(t *testing.T, resp *http.Response) {
		events, err := sink.Collect(t.Context(), source.FromResponse(resp))
		require.NoError(t, err)
		assert.Empty(t, events)
		_ = resp.Body.Close() // net/http's body without content never reports that it is closed
		resp.Body = closedBody{}
	})
}

type closedBody struct{ io.ReadCloser }

func (closedBody) Read([]byte) (int, error) { return 0, errors.New("closed") }

// The body is no net/http body: those of Go 1.27 take a lock when they are closed during a
// Read, and a bubble's time stands still while a goroutine waits for a lock.
func TestFromResponseThatIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body, server := io.Pipe()
		go func() { // until the event is read
			_, err := io.WriteString(server, "id: 1\ndata: x\n\n")
			assert.NoError(t, err)
		}()
		resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: body}
		start := time.Now()
		events, err := sink.Collect(t.Context(), source.FromResponse(resp, source.WithIdleTimeout(time.Minute)))
		require.ErrorIs(t, err, source.ErrIdleTimeout)
		assert.Len(t, events, 1)
		assert.Equal(t, time.Minute, time.Since(start))
		_, err = server.Write([]byte("x"))
		require.ErrorIs(t, err, io.ErrClosedPipe, "the body is closed")
	})
}

// Options for connecting do not make FromResponse connect.
func TestFromResponseNeverConnects(t *testing.T) {
	answered(t, func(c *ssetest.Conn) { c.Send(numbered(1)...) }, func(t *testing.T, resp *http.Response) {
		_, err := sink.Collect(t.Context(), source.FromResponse(resp, source.WithReconnect(source.ReconnectAlways)))
		require.NoError(t, err)
	})
}

func TestFromResponseIsReadOnce(t *testing.T) {
	answered(t, func(c *ssetest.Conn) { c.Send(numbered(1)...) }, func(t *testing.T, resp *http.Response) {
		events := source.FromResponse(resp)
		_, err := sink.Collect(t.Context(), events)
		require.NoError(t, err)
		_, err = sink.Collect(t.Context(), events)
		require.EqualError(t, err, "source: FromResponse: the response was already read; it can be ranged over once")
	})
}

// The body is closed even if the context has ended before the range.
func TestFromResponseOfACancelledContext(t *testing.T) {
	answered(t, func(c *ssetest.Conn) { c.Hold() }, func(t *testing.T, resp *http.Response) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("no longer needed")
		cancel(cause)
		_, err := sink.Collect(ctx, source.FromResponse(resp))
		require.ErrorIs(t, err, cause)
	})
}

// A response that was made by hand has no request.
func TestFromResponseWithoutRequest(t *testing.T) {
	resp := &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"text/event-stream"}},
		Body:       io.NopCloser(strings.NewReader("data: x\n\n")),
	}
	events, err := sink.Collect(t.Context(), source.FromResponse(resp))
	require.NoError(t, err)
	assert.Equal(t, []codec.Event{{Type: "message", Data: "x"}}, events)
	assert.Nil(t, resp.Request, "it is the caller's")

	resp.Request, resp.Body = &http.Request{}, io.NopCloser(strings.NewReader("data: y\n\n"))
	events, err = sink.Collect(t.Context(), source.FromResponse(resp))
	require.NoError(t, err)
	assert.Equal(t, []codec.Event{{Type: "message", Data: "y"}}, events)

	resp.StatusCode, resp.Body = http.StatusTeapot, http.NoBody
	_, err = sink.Collect(t.Context(), source.FromResponse(resp))
	require.ErrorIs(t, err, source.ErrStatus)

	assert.Panics(t, func() { source.FromResponse(nil) })
	assert.Panics(t, func() { source.FromResponse(&http.Response{}) })
}
