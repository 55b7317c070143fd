package source_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// The hook sees each request, may change all of it, and its changes are not kept.
func TestWithPrepare(t *testing.T) {
	within(t, ssetest.Replay(numbered(3), 1, 2), func(t *testing.T, server *ssetest.Server, client *source.Client) {
		attempt := 0
		events, err := sink.Collect(t.Context(), client.Observe(server.URL()+"/path", source.WithPrepare(func(req *http.Request) error {
			attempt++
			assert.Empty(t, req.Header.Get("Authorization"), "each request is a new one")
			assert.Equal(t, "text/event-stream", req.Header.Get("Accept"), "as it is about to be sent")
			assert.Equal(t, "/path", req.URL.Path)
			req.Header.Set("Authorization", fmt.Sprintf("Bearer %d", attempt))
			req.URL.Path = fmt.Sprintf("/path/%d", attempt)
			if attempt == 3 {
				req.Header.Set("Last-Event-ID", "1")
			}
			return nil
		})))
		require.NoError(t, err)
		assert.Equal(t, "event 1 event 2 event 2 event 3", data(events), "it has asked for the second again")
		for i, r := range server.Requests() {
			assert.Equal(t, fmt.Sprintf("Bearer %d", i+1), r.Header.Get("Authorization"))
			assert.Equal(t, fmt.Sprintf("/path/%d", i+1), r.URL)
		}
	})
}

func TestPrepareThatFails(t *testing.T) {
	within(t, ssetest.Replay(numbered(1)), func(t *testing.T, server *ssetest.Server, client *source.Client) {
		attempts := 0
		prepare := source.WithPrepare(func(*http.Request) error {
			if attempts++; attempts < 3 {
				return errGone
			}
			return nil
		})
		events, err := sink.Collect(t.Context(), client.Observe(server.URL(), prepare))
		require.NoError(t, err)
		assert.Equal(t, "event 1", data(events), "it was asked again")

		attempts = 0
		_, err = client.Open(t.Context(), server.URL(), prepare)
		require.ErrorIs(t, err, source.ErrPrepare)
		require.ErrorIs(t, err, errGone)
		assert.Len(t, server.Requests(), 2)
	})
}

// A header that the hook has spoilt is reported as one that WithHeader has.
func TestPrepareIsChecked(t *testing.T) {
	_, err := sink.Collect(t.Context(), source.SSE("http://host.example", source.WithPrepare(func(req *http.Request) error {
		req.Header.Set("Authorization", "Bearer secret\n")
		return nil
	})))
	require.ErrorIs(t, err, source.ErrRequest)
	assert.NotContains(t, err.Error(), "secret")
}
