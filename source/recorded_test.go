package source_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// A recording is the index entry of a recorded body.
type recording struct {
	Events      int            `json:"events"`
	Types       map[string]int `json:"types"`
	LastEventID string         `json:"lastEventId"`
	Retries     []int64        `json:"retries"`
	Comments    int            `json:"comments"`
	SHA256      string         `json:"events_sha256"`
}

// TestRecordedStreams replays bodies of real services, in pieces of several sizes, and
// compares the result with the index beside them. The folder that RXSSE_CORPUS names has
// them in recorded/.
func TestRecordedStreams(t *testing.T) {
	corpus := os.Getenv("RXSSE_CORPUS")
	if corpus == "" {
		t.Skip("RXSSE_CORPUS is not set")
	}
	index, err := os.ReadFile(filepath.Join(corpus, "recorded", "expected.json"))
	require.NoError(t, err)
	var recordings struct {
		Files map[string]recording `json:"files"`
	}
	require.NoError(t, json.Unmarshal(index, &recordings))
	require.NotEmpty(t, recordings.Files)
	for name, want := range recordings.Files {
		body, err := os.ReadFile(filepath.Join(corpus, "recorded", name))
		require.NoError(t, err)
		for _, chunk := range []int{1, 2, 3, 64, 4096, 0} {
			t.Run(fmt.Sprintf("%s in pieces of %d", name, chunk), func(t *testing.T) {
				replayRecording(t, string(body), chunk, want)
			})
		}
	}
}

func replayRecording(t *testing.T, body string, chunk int, want recording) {
	t.Helper()
	within(t, func(c *ssetest.Conn) {
		if c.N > 1 {
			c.Answer(http.StatusNoContent, "")
		}
		c.Chunk(chunk)
		c.Raw(body)
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		events, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithComments(true), source.WithRetryEvents(true)))
		require.NoError(t, err)

		messages, comments, types, hash := 0, 0, map[string]int{}, sha256.New()
		var retries []int64
		for _, e := range events {
			if e.Retry != 0 {
				retries = append(retries, e.Retry.Milliseconds())
			}
			switch {
			case e.Type != "":
				messages++
				types[e.Type]++
				hash.Write([]byte(e.Type + "\x00" + e.Data + "\x00" + e.ID + "\x01"))
			case e.Retry == 0:
				comments++
			}
		}
		assert.Equal(t, want.Events, messages)
		assert.Equal(t, want.Types, types)
		assert.Equal(t, want.Comments, comments)
		assert.Equal(t, want.SHA256, hex.EncodeToString(hash.Sum(nil)))
		assert.ElementsMatch(t, want.Retries, retries)

		again := server.Requests()[1]
		assert.Equal(t, want.LastEventID, again.LastEventID, "the position is carried to the next connection")
		wait := 3 * time.Second // the default
		if n := len(want.Retries); n > 0 {
			wait = time.Duration(want.Retries[n-1]) * time.Millisecond
		}
		assert.Equal(t, wait, again.Time.Sub(server.Requests()[0].Time), "and so is the reconnection time")
	})
}
