package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// A Notification is one thing that a stream tells its consumer: an item, or how
// it ended.
type Notification[T any] struct {
	// Value is the item, unless the stream has ended.
	Value T
	// Err is the error the stream ended with, nil for an item and for completion.
	Err error
	// End says that the stream has ended, with Err or by completion.
	End bool
}

// Materialize delivers the items of src, and then how src ended, as notifications,
// and completes.
//
//	src:          --1--2--#
//	Materialize:  --1--2--(#|)
//
// A cancelled context ends the stream with its cause as ever. It runs on the
// consumer's goroutine and holds nothing.
func Materialize[T any](src rxsse.Observable[T]) rxsse.Observable[Notification[T]] {
	mustNotBeNil("Materialize: src", src == nil)
	return func(ctx context.Context) iter.Seq2[Notification[T], error] {
		return func(yield func(Notification[T], error) bool) {
			over := false
			src(ctx)(func(v T, err error) bool {
				switch {
				case over:
				case err == nil:
					over = !yield(Notification[T]{Value: v}, nil)
				case ctx.Err() != nil:
					over = true
					yield(Notification[T]{}, err)
				default:
					over = true
					if yield(Notification[T]{Err: err, End: true}, nil) {
						complete(ctx, yield)
					}
				}
				return !over
			})
			if !over && yield(Notification[T]{End: true}, nil) {
				complete(ctx, yield)
			}
		}
	}
}
