package sink

import (
	"context"

	"github.com/rxsse/rxsse"
)

// ForEach subscribes to src and calls f with each item. It returns nil when src
// completes, and src's error when it fails; when ctx is cancelled that is its
// cause. An error of f ends the stream and is returned as it is. The source does
// not read on while f runs.
func ForEach[T any](ctx context.Context, src rxsse.Observable[T], f func(T) error) error {
	for v, err := range src(ctx) {
		if err != nil {
			return err
		}
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
}
