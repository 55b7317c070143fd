package sink

import (
	"context"
	"errors"
	"fmt"

	"github.com/rxsse/rxsse"
)

// ErrTooMany means that a stream had more items than [CollectN] was to hold.
var ErrTooMany = errors.New("too many items")

// Collect subscribes to src and returns its items once it completes. If it fails
// or ctx is cancelled, Collect returns the items that came before, with the error.
//
// It holds every item of src: for a stream that may not end by itself see
// [CollectN].
func Collect[T any](ctx context.Context, src rxsse.Observable[T]) ([]T, error) {
	var items []T
	err := ForEach(ctx, src, func(v T) error {
		items = append(items, v)
		return nil
	})
	return items, err
}

// CollectN is [Collect] for at most n items: when one more comes it ends the
// stream, and returns the first n with an error that wraps [ErrTooMany]. For the
// first n of a stream that goes on, without an error, collect an operators.Take.
func CollectN[T any](ctx context.Context, src rxsse.Observable[T], n int) ([]T, error) {
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
