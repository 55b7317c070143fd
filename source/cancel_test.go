package source_test

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// respondingWith returns a client that answers every request with an event stream from a
// body that ignores the request's context.
func respondingWith(body io.ReadCloser) *http.Client {
	return &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		return &http.Response{Request: req, StatusCode: http.StatusOK, Body: body, Header: http.Header{"Content-Type": {"text/event-stream"}}}, nil
	})}
}

// A body that ignores the request's context does not keep a stream from ending, whatever
// the reason.
func TestBodyThatIgnoresTheContext(t *testing.T) {
	t.Run("cancelled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			body, _ := io.Pipe()
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGone)
			defer cancel()
			_, err := sink.Collect(ctx, source.SSE("http://host.example/", source.WithHTTPClient(respondingWith(body))))
			assert.Equal(t, errGone, err)
		})
	})
	t.Run("idle", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			body, _ := io.Pipe()
			_, err := sink.Collect(t.Context(), source.SSE("http://host.example/", source.WithHTTPClient(respondingWith(body)),
				source.WithIdleTimeout(time.Second), source.WithMaxAttempts(1)))
			assert.ErrorIs(t, err, source.ErrIdleTimeout)
		})
	})
	t.Run("closed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			body, _ := io.Pipe()
			session, err := source.NewClient(source.WithHTTPClient(respondingWith(body))).Open(t.Context(), "http://host.example/")
			require.NoError(t, err)
			time.AfterFunc(time.Second, func() { _ = session.Close() })
			_, err = rest(session)
			assert.Equal(t, source.ErrClosed, err)
		})
	})
}

// A body whose Close waits for its Read delays the end of a stream until that Read returns,
// as WithHTTPClient says. The stream then ends with its cause: what was read is not
// delivered.
func TestBodyWhoseCloseWaitsForItsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const read = time.Minute
		reading := make(chan struct{}, 1) // a lock
		closed := false
		body := closingBody{readerFunc(func(p []byte) (int, error) {
			reading <- struct{}{}
			defer func() { <-reading }()
			time.Sleep(read)
			return copy(p, "data: late\n\n"), nil
		}), func() {
			reading <- struct{}{}
			defer func() { <-reading }()
			closed = true
		}}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGone)
		defer cancel()
		start := time.Now()
		events, err := sink.Collect(ctx, source.SSE("http://host.example/", source.WithHTTPClient(respondingWith(body))))
		assert.Equal(t, errGone, err)
		assert.Empty(t, events)
		assert.Equal(t, read, time.Since(start))
		assert.True(t, closed)
	})
}

// A closingBody is closed by a function.
type closingBody struct {
	io.Reader

	close func()
}

func (b closingBody) Close() error {
	b.close()
	return nil
}

// A panic in a body's Close reaches the goroutine that ranges, even if the end of the
// context closes the body.
func TestPanicInClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		body := closingBody{readerFunc(func([]byte) (int, error) { <-ended; return 0, io.EOF }), func() {
			close(ended)
			panic("oops")
		}}
		time.AfterFunc(time.Second, cancel)
		assert.PanicsWithValue(t, "oops", func() {
			_, _ = sink.Collect(ctx, source.SSE("http://host.example/", source.WithHTTPClient(respondingWith(body))))
		})
	})
}

// A range that begins while the session closes ends with ErrClosed: there is no other range
// to collide with.
func TestCloseBesideARangeThatBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never, _ := io.Pipe()
		body := closingBody{never, func() { time.Sleep(time.Second); _ = never.Close() }}
		session, err := source.NewClient(source.WithHTTPClient(respondingWith(body))).Open(t.Context(), "http://host.example/")
		require.NoError(t, err)
		var closing sync.WaitGroup
		for range 2 {
			closing.Go(func() { _ = session.Close() })
		}
		synctest.Wait() // until Close waits for the body
		_, err = rest(session)
		assert.Equal(t, source.ErrClosed, err)
		closing.Wait()
	})
}

// Whatever the order, one goroutine that ranges and others that close never collide.
func TestCloseAtAnyTime(t *testing.T) {
	for range 200 {
		session, err := source.NewClient(source.WithHTTPClient(respondingWith(io.NopCloser(neverEnding{})))).Open(t.Context(), "http://host.example/")
		require.NoError(t, err)
		var all sync.WaitGroup
		all.Go(func() {
			_, err := rest(session)
			assert.Equal(t, source.ErrClosed, err)
		})
		all.Go(session.Reconnect)
		all.Go(func() { _ = session.Close() })
		all.Wait()
	}
}

// neverEnding is a stream of events without an end.
type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) { return copy(p, "data: 1\n\n"), nil }

// An Error that the transport returns, say because it reads another stream, is kept
// unchanged as the reason.
func TestErrorOfAnotherStreamIsNotChanged(t *testing.T) {
	foreign := source.Error{Method: "POST", URL: "http://upstream.example/", LastEventID: "theirs", StatusCode: 404, Err: source.ErrStatus}
	reported := foreign
	body := io.NopCloser(readerFunc(func([]byte) (int, error) { return 0, &reported }))
	_, err := sink.Collect(t.Context(), source.SSE("http://host.example/", source.WithHTTPClient(respondingWith(body)),
		source.WithLastEventID("ours"), source.WithMaxAttempts(1)))
	var failure *source.Error
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "ours", failure.LastEventID)
	assert.Same(t, &reported, failure.Err)
	assert.Equal(t, foreign, reported)
}
