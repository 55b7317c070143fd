package source_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// A brokenCheckpoint cannot be loaded.
type brokenCheckpoint struct{ source.MemoryCheckpoint }

func (*brokenCheckpoint) Load(context.Context) (string, error) { return "7", errGone }

func TestWithCheckpoint(t *testing.T) {
	within(t, ssetest.Replay(numbered(5)), func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var checkpoint source.MemoryCheckpoint
		events := client.Observe(server.URL(), source.WithCheckpoint(&checkpoint), source.WithLastEventID("1"))

		for e, err := range events(t.Context()) {
			require.NoError(t, err)
			require.NoError(t, checkpoint.Save(t.Context(), e.ID))
			if e.ID == "3" {
				break
			}
		}
		assert.Equal(t, "1", server.Requests()[0].LastEventID, "while there is none, as the other option says")

		got, err := sink.Collect(t.Context(), events)
		require.NoError(t, err)
		assert.Equal(t, "event 4 event 5", data(got), "the same Observable goes on where the work was done")
		id, err := checkpoint.Load(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "3", id, "the source never saves")

		session, err := client.Open(t.Context(), server.URL(), source.WithCheckpoint(&checkpoint))
		require.NoError(t, err)
		defer session.Close()
		assert.Equal(t, "3", session.LastEventID())
	})
}

func TestCheckpointThatCannotBeLoaded(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Answer(http.StatusNoContent, "") }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		opt := source.WithCheckpoint(&brokenCheckpoint{})
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), opt))
		require.ErrorIs(t, err, source.ErrCheckpoint)
		require.ErrorIs(t, err, errGone)
		assert.EqualError(t, err, "source: GET http://ssetest.test: the checkpoint cannot be loaded: gone")
		_, err = client.Open(t.Context(), server.URL(), opt)
		require.ErrorIs(t, err, source.ErrCheckpoint)
		assert.Empty(t, server.Requests(), "it does not begin at another place")
	})
}
