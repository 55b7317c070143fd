package sink

import (
	"context"

	"github.com/rxsse/rxsse"
)

// Collect subscribes to src and returns its items once it completes. If it fails
// or ctx is cancelled, Collect returns the items that came before, with the error.
//
// It holds every item of src: for a stream that does not end by itself, take as
// many as are wanted first, with operators.Take.
func Collect[T any](ctx context.Context, src rxsse.Observable[T]) ([]T, error) {
	var items []T
	err := ForEach(ctx, src, func(v T) error {
		items = append(items, v)
		return nil
	})
	return items, err
}
