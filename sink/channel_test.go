package sink_test

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/sink"
)

func TestChannelsReaderMayLeave(t *testing.T) {
	for name, want := range map[string]error{"content": nil, "failing": errGone} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				err := sink.Channel(t.Context(), marble.Cold("a-b-c-d-e#"), 2, func(items <-chan string) error {
					assert.Equal(t, "a", <-items)
					assert.Equal(t, "b", <-items)
					return want
				})
				assert.Equal(t, want, err)
				assert.Equal(t, 2*marble.Frame, time.Since(start), "the stream ends with its reader")
			})
		})
	}
}

func TestChannelRunsAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := sink.Channel(t.Context(), marble.Cold("abcdef|"), 3, func(items <-chan string) error {
			time.Sleep(time.Second)
			assert.Len(t, items, 3)
			return nil
		})
		require.NoError(t, err)
	})
}

func TestChannelsReaderPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		assert.PanicsWithValue(t, "boom", func() {
			_ = sink.Channel(t.Context(), marble.Cold("a----"), 0, func(<-chan string) error { panic("boom") })
		})
	})
}

func TestChannelOfANegativeBuffer(t *testing.T) {
	assert.PanicsWithValue(t, "sink: Channel: n must not be negative, got -1", func() {
		_ = sink.Channel(t.Context(), marble.Cold("a|"), -1, func(<-chan string) error { return nil })
	})
}

func TestChannelOfACancelledStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGone)
		defer cancel()
		err := sink.Channel(ctx, marble.Cold("a"), 0, func(items <-chan string) error {
			for range items {
			}
			return nil
		})
		assert.Equal(t, errGone, err)
	})
}

// A reader that sees the channel closed may return at once: the error is known by then.
func TestChannelNeverLosesTheError(t *testing.T) {
	for range 20_000 {
		err := sink.Channel(t.Context(), failing(errFull), 1, func(items <-chan int) error {
			for range items {
			}
			return nil
		})
		require.Equal(t, errFull, err)
	}
}

// A stream that had ended by then is not cancelled.
func TestChannelThatIsCancelledAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := sink.Channel(ctx, failing(errFull), 1, func(items <-chan int) error {
			for range items {
			}
			cancel()
			return nil
		})
		assert.Equal(t, errFull, err)
	})
}

// failing is a stream that fails.
func failing(err error) rxsse.Observable[int] {
	return func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) { yield(0, err) }
	}
}
