package sink

import (
	"context"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// ForEach subscribes to src and calls f with each item, on the caller's goroutine. It
// returns nil when src completes, the error of src when it fails, and the cause when ctx is
// cancelled. An error of f ends src and is returned unchanged. The source waits while f
// runs.
func ForEach[T any](ctx context.Context, src rxsse.Observable[T], f func(T) error) error {
	argument.MustNotBeNil("sink: ForEach: src", src == nil)
	argument.MustNotBeNil("sink: ForEach: f", f == nil)
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
