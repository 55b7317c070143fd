package source_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestEventTooLarge(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Send(codec.Event{ID: "7", Data: "small"})
		c.Raw("data: ")
		for {
			c.Raw(strings.Repeat("x", 64<<10)) // without end
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		events, err := sink.Collect(t.Context(), client.Observe(server.URL()+"/?token=secret", source.WithMaxEventSize(1<<20)))
		assert.Equal(t, "small", data(events), "what came before is delivered")
		var tooLarge *codec.SizeError
		require.ErrorAs(t, err, &tooLarge)
		assert.Equal(t, 1<<20, tooLarge.Limit)
		var failure *source.Error
		require.ErrorAs(t, err, &failure)
		assert.Equal(t, "7", failure.LastEventID)
		assert.ErrorContains(t, err, server.URL())
		assert.ErrorContains(t, err, `after event "7"`)
		assert.NotContains(t, err.Error(), "secret")
		assert.Len(t, server.Requests(), 1, "it would be too large again")
	})
}

// A line of 100 MB ends the stream at the limit: it is neither read nor held.
func TestLineOfAHundredMegabytes(t *testing.T) {
	const limit, line = 16 << 20, 100 << 20
	piece := strings.Repeat("x", 64<<10)
	sent := 0
	within(t, func(c *ssetest.Conn) {
		c.Send(codec.Event{ID: "1", Data: "before"})
		c.Raw("data: ")
		for sent < line {
			c.Raw(piece)
			sent += len(piece)
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		events, err := sink.Collect(t.Context(), client.Observe(server.URL()))
		runtime.ReadMemStats(&after)
		assert.Equal(t, "before", data(events))
		var tooLarge *codec.SizeError
		require.ErrorAs(t, err, &tooLarge)
		assert.Equal(t, limit, tooLarge.Limit)
		assert.ErrorContains(t, err, "source: GET "+server.URL()+": codec: ")
		assert.ErrorContains(t, err, `(after event "1")`)
		server.Close()
		assert.Less(t, sent, limit+1<<20, "bytes the server could send")
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(3*limit), "bytes allocated, growing buffers and the server included")
	})
}
