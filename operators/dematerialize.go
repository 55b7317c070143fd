package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Dematerialize turns notifications back into the stream that [Materialize] made
// them from. It delivers their values until one of them is an end. Then it ends the
// same way and releases src.
//
//	src:            --1--2--(#|)
//	Dematerialize:  --1--2--#
//
// A notification with an error is an end, also without End. If src ends before, on
// completion, error or cancel, so does Dematerialize. Synchronous.
//
// ReactiveX and Reactor call it dematerialize.
func Dematerialize[T any](src rxsse.Observable[Notification[T]]) rxsse.Observable[T] {
	mustNotBeNil("Dematerialize: src", src == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			src(ctx)(func(n Notification[T], err error) bool {
				if err == nil {
					err = n.Err
				}
				if err != nil {
					return fail(yield, err)
				}
				return !n.End && yield(n.Value, nil)
			})
		}
	}
}
