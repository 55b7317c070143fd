package sink

import (
	"context"
	"errors"
	"fmt"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// ErrTooMany means that a stream has more items than the limit of [CollectN].
var ErrTooMany = errors.New("too many items")

// Collect subscribes to src and returns its items once it completes. If src fails or ctx is
// cancelled, Collect returns the items so far and the error.
//
// It holds all items of src in memory. For a stream that may not end, use [CollectN].
func Collect[T any](ctx context.Context, src rxsse.Observable[T]) ([]T, error) {
	argument.MustNotBeNil("sink: Collect: src", src == nil)
	var items []T
	err := ForEach(ctx, src, func(v T) error {
		items = append(items, v)
		return nil
	})
	return items, err
}

// CollectN is [Collect] with a limit. If src has more than n items, CollectN ends it and
// returns the first n items and an error that wraps [ErrTooMany]. To get the first n items
// without an error, use operators.Take. CollectN panics if n is negative.
func CollectN[T any](ctx context.Context, src rxsse.Observable[T], n int) ([]T, error) {
	argument.MustNotBeNil("sink: CollectN: src", src == nil)
	argument.MustNotBeNegative("sink: CollectN: n", n)
	var items []T
	err := ForEach(ctx, src, func(v T) error {
		if len(items) >= n {
			return fmt.Errorf("sink: CollectN: %w: the stream has more than %d", ErrTooMany, n)
		}
		items = append(items, v)
		return nil
	})
	return items, err
}
