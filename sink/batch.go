package sink

import (
	"context"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// ForEachBatch subscribes to src and calls f with the items that have come since
// its last call: one if f keeps up with the stream, and up to 256 if it does not.
// What costs much for a call and little for an item, such as a write, a commit or
// a request, is so done at once while the stream is slow and seldom while it is
// fast, and no timer is needed. The slice is f's until it returns.
//
// It returns nil when src completes and f has had all items; when src fails, its
// error, after f has had the items before it. An error of f ends the stream and is
// returned as it is. When ctx is cancelled that is its cause; items that have come
// and were not given to f by then are dropped.
//
// It runs src on a goroutine of its own, and at most 256 items wait for f.
func ForEachBatch[T any](ctx context.Context, src rxsse.Observable[T], f func([]T) error) error {
	q := handoff.New[T](ctx, handoff.DefaultLimit)
	defer q.Stop()
	q.Go(src)
	for {
		batch, signal := q.Receive(nil)
		if signal == handoff.End {
			return q.Err()
		}
		if err := f(batch); err != nil {
			return err
		}
	}
}
