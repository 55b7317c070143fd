package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// A Notification is an item of a stream, or its end. See [Materialize].
type Notification[T any] struct {
	// Value is the item, or zero for an end.
	Value T
	// Err is the error that the stream ended with, or nil for an item and for completion.
	Err error
	// End is true for the end of the stream, whether by an error or by completion.
	End bool
}

// Materialize delivers the items of src and then its end, all as notifications, and
// completes. [Dematerialize] reverses it.
//
//	src:          --1--2--#
//	Materialize:  --1--2--(#|)
//
// Synchronous. Cancellation is not materialized: it ends the stream with the cause.
func Materialize[T any](src rxsse.Observable[T]) rxsse.Observable[Notification[T]] {
	mustNotBeNil("Materialize: src", src == nil)
	return func(ctx context.Context) iter.Seq2[Notification[T], error] {
		return func(yield func(Notification[T], error) bool) {
			end := Notification[T]{End: true}
			left := false
			src(ctx)(func(v T, err error) bool {
				if end.Err != nil {
					return false
				}
				if err != nil {
					end.Err = err
					return false
				}
				left = !yield(Notification[T]{Value: v}, nil)
				return !left
			})
			if !left {
				completeWith(ctx, yield, end)
			}
		}
	}
}
