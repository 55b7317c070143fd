package handoff

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// A feeder holds items back until there are enough of them, or the consumer asks.
func TestFeed(t *testing.T) {
	q := New[int](t.Context(), 4)
	defer q.Stop()
	q.Expect()
	held := []int{1, 2, 3}
	asked := 0
	q.OnIdle(func() {
		asked++
		if asked == 1 {
			q.Feed(held)
			return
		}
		q.Finish(Ending{})
	})
	assert.Equal(t, 4, q.Room())
	q.Feed([]int{0})
	assert.Equal(t, 3, q.Room())
	for _, want := range [][]int{{0}, {1, 2, 3}} {
		got, signal := q.Receive(nil)
		assert.Equal(t, Items, signal)
		assert.Equal(t, want, got)
	}
	assert.Equal(t, 1, asked, "only where nothing is queued")
	_, signal := q.Receive(nil)
	assert.Equal(t, End, signal)
}

func TestAwaitRoom(t *testing.T) {
	for name, leave := range map[string]func(q *Queue[int]){
		"until the consumer has taken some": func(q *Queue[int]) { q.Receive(nil) },
		"until nothing more is wanted":      func(q *Queue[int]) { q.Stop() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := New[int](t.Context(), 2)
				defer q.Stop()
				q.Expect()
				q.Feed([]int{1, 2})
				assert.Zero(t, q.Room())
				time.AfterFunc(time.Second, func() { leave(q) })
				start := time.Now()
				q.AwaitRoom()
				assert.Equal(t, time.Second, time.Since(start))
				assert.GreaterOrEqual(t, q.Room(), 2)
			})
		})
	}
}
