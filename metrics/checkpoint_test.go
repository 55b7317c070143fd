package metrics_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/metrics"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// A position is a value if a float64 holds it exactly: below 2 to the power of 53.
func TestPositionsThatAreNumbers(t *testing.T) {
	for id, want := range map[string]any{
		"0": 0., "9007199254740991": 9007199254740991., "9007199254740992": nil, "-1": nil, "1.5": nil, "": nil,
	} {
		var set metrics.Set
		require.NoError(t, set.Checkpoint("trades", nil).Save(t.Context(), id))
		got, known := values(&set, "trades")["rxsse.commit.position"]
		assert.Equal(t, want != nil, known, id)
		if known {
			assert.Equal(t, want, got, id)
		}
	}
}

// The lag of a stream that falls behind again is counted from the first unsaved event, not
// from an earlier time.
func TestLagBeginsAnew(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		for _, e := range numbered(3) {
			c.Send(e)
			c.Sleep(10 * time.Second)
		}
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var set metrics.Set
		position := set.Checkpoint("trades", nil)
		lag := func() float64 { return values(&set, "trades")["rxsse.commit.lag"] }
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- sink.ForEach(ctx, client.Observe(server.URL(), set.Source("trades")), func(codec.Event) error { return nil })
		}()
		time.Sleep(5 * time.Second) // event 1 is there
		assert.InDelta(t, 5, lag(), 0.001)
		require.NoError(t, position.Save(t.Context(), "1"))
		assert.Zero(t, lag())
		time.Sleep(7 * time.Second) // event 2 has been there for 2 s
		assert.InDelta(t, 2, lag(), 0.001)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
}

// unreadable is a checkpoint that cannot be loaded.
type unreadable struct{ *memory }

func (unreadable) Load(context.Context) (string, error) { return "8", errors.New("unreadable") }

// A loaded position is the saved position, unless there is a newer one.
func TestLoadedPosition(t *testing.T) {
	var set metrics.Set
	store := &memory{id: "7"}
	position := set.Checkpoint("trades", store)
	require.NoError(t, position.Save(t.Context(), "9"))
	store.id = "7" // another program has set it back
	id, err := position.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "7", id)
	assert.EqualValues(t, 9, values(&set, "trades")["rxsse.commit.position"])

	_, err = set.Checkpoint("broken", unreadable{store}).Load(t.Context())
	require.Error(t, err)
	assert.NotContains(t, values(&set, "broken"), "rxsse.commit.position")
}

// A program may ask for the checkpoint of a name again, for example for each subscription,
// while another goroutine saves positions under that name or reads the metrics.
func TestCheckpointOfANameThatIsInUse(t *testing.T) {
	var set metrics.Set
	position := set.Checkpoint("trades", nil)
	var wg sync.WaitGroup
	wg.Go(func() { assert.NoError(t, position.Save(t.Context(), "1")) })
	wg.Go(func() { set.Samples() })
	again := set.Checkpoint("trades", nil)
	wg.Wait()
	require.NoError(t, again.Save(t.Context(), "2"))
	got := values(&set, "trades")
	assert.EqualValues(t, 2, got["rxsse.commit.saves"])
	assert.EqualValues(t, 2, got["rxsse.commit.position"])
}
