package sink

import (
	"context"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/handoff"
)

// ForEachBatch subscribes to src and calls f with the items that have arrived since the
// last call: one item while f keeps up with the stream, up to 256 while it does not. The
// cost of a call, such as a write, a commit or a request, is thus paid per item while the
// stream is slow and per batch while it is fast, and no item waits for a timer. f runs on
// the caller's goroutine and must not keep the slice.
//
// It returns nil when src completes and f has processed all items. When src fails, it
// returns that error after f has processed the items before it. An error of f ends src and
// is returned unchanged. When ctx is cancelled, it returns the cause and drops the items
// that f has not received.
//
// It runs src on its own goroutine, at most 256 items ahead of f.
func ForEachBatch[T any](ctx context.Context, src rxsse.Observable[T], f func([]T) error) error {
	argument.MustNotBeNil("sink: ForEachBatch: src", src == nil)
	argument.MustNotBeNil("sink: ForEachBatch: f", f == nil)
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
