package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Dematerialize reverses [Materialize]. It delivers the values of the notifications of src
// until one of them is an end; it then releases src and ends that way.
//
//	src:            --1--2--(#|)
//	Dematerialize:  --1--2--#
//
// A notification with an error is an end even if End is false. If src ends first,
// Dematerialize ends as src does. Synchronous.
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
