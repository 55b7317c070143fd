package marble_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
)

// A delivery is an item and the time since the start of the test.
type delivery struct {
	text string
	at   time.Duration
}

// deliveries subscribes to all streams at once and returns what they deliver, in order.
func deliveries(t *testing.T, streams ...rxsse.Observable[string]) []delivery {
	t.Helper()
	var (
		mu  sync.Mutex
		all []delivery
		wg  sync.WaitGroup
	)
	start := time.Now()
	for _, stream := range streams {
		wg.Go(func() {
			for text, err := range stream(t.Context()) {
				assert.NoError(t, err)
				mu.Lock()
				all = append(all, delivery{text, time.Since(start)})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return all
}

// inOneFrame checks that each delivery has an instant of its own, all in the first tenth
// of the same frame.
func inOneFrame(t *testing.T, all []delivery) {
	t.Helper()
	require.NotEmpty(t, all)
	frame := all[0].at.Truncate(marble.Frame)
	assert.Less(t, all[len(all)-1].at-frame, marble.Frame/10)
	for i, d := range all[1:] {
		assert.Greater(t, d.at, all[i].at, "%q and %q", all[i].text, d.text)
	}
}

func TestStreamsDeliverInTheOrderOfTheirCreation(t *testing.T) {
	for n := range 70 { // whatever ran before
		synctest.Test(t, func(t *testing.T) {
			streams := make([]rxsse.Observable[string], 2+14*n)
			var want []string
			for i := range streams {
				want = append(want, fmt.Sprint(i))
				streams[i] = marble.Cold(fmt.Sprintf("--[%d]|", i))
			}
			slices.Reverse(streams) // the order of the subscriptions does not matter
			all := deliveries(t, streams...)
			var got []string
			for _, d := range all {
				got = append(got, d.text)
			}
			assert.Equal(t, want, got)
			assert.Equal(t, 2*marble.Frame, all[0].at, "the first stream starts at once")
			inOneFrame(t, all)
		})
	}
}

func TestManyStreamsStayWithinATenthOfAFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 5000 {
			marble.Cold("|")
		}
		all := deliveries(t, marble.Cold("a|"), marble.Cold("b|"))
		assert.Equal(t, "a", all[0].text)
		inOneFrame(t, all)
	})
}

func TestSubscriptionsOfAStreamDeliverOneAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream, next := marble.Cold("a|"), marble.Cold("b|")
		all := deliveries(t, append(slices.Repeat([]rxsse.Observable[string]{stream}, 90), next)...)
		inOneFrame(t, all)
		assert.Equal(t, "b", all[90].text, "a stream that was created later comes after all subscriptions of this one")
	})
}

func TestManySubscriptionsStayBeforeTheNextStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream, next := marble.Cold("a|"), marble.Cold("b|")
		all := deliveries(t, append(slices.Repeat([]rxsse.Observable[string]{stream}, 350), next)...)
		assert.Equal(t, "b", all[350].text)
	})
}

// When all subscriptions of a stream have ended, the next one starts like the first: a
// stream that is retried always draws the same.
func TestAStreamStartsAgainLikeAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := marble.Cold("a|")
		for range 3 {
			assert.Equal(t, []delivery{{"a", 0}}, deliveries(t, stream))
			time.Sleep(marble.Frame - time.Since(time.Now().Truncate(marble.Frame)))
		}
		deliveries(t, stream, stream) //nolint:gocritic // two subscriptions to one stream
		time.Sleep(marble.Frame - time.Since(time.Now().Truncate(marble.Frame)))
		assert.Equal(t, []delivery{{"a", 0}}, deliveries(t, stream))
	})
}

// A stream that is subscribed to a moment late, as operators do, keeps to its instants. One
// that is subscribed to after its instant starts at the next tenth of a frame.
func TestStreamsKeepToTheirInstants(t *testing.T) {
	for _, c := range []struct{ late, a, b time.Duration }{
		{0, 0, marble.Frame},
		{50, 50, marble.Frame},
		{99, 99, marble.Frame},
		{100, marble.Frame / 10, marble.Frame + marble.Frame/10},
		{marble.Frame / 10, marble.Frame / 10, marble.Frame + marble.Frame/10},
		{marble.Frame/10 + 50, marble.Frame/10 + 50, marble.Frame + marble.Frame/10},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			stream := marble.Cold("ab|")
			time.Sleep(c.late)
			var at []time.Duration
			for _, err := range stream(t.Context()) {
				require.NoError(t, err)
				at = append(at, time.Since(start))
			}
			assert.Equal(t, []time.Duration{c.a, c.b}, at, "subscribed to after %v", c.late)
		})
	}
}
