package operators

import (
	"context"
	"fmt"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// withoutPositions makes the position of each item of src unknown: operator, which delivers
// src, changes the order of items, so no position is safe to save. See [codec.Resumable].
// Items without positions pass at no cost.
func withoutPositions[T any](operator string, src rxsse.Observable[T]) rxsse.Observable[T] {
	if _, ok := any((*T)(nil)).(codec.Resumable); !ok {
		return src
	}
	if _, ok := any((*T)(nil)).(positionClearer); !ok {
		var v T
		panic(fmt.Sprintf("operators: %s: %T has a method ResumeID and no ClearResumeID; add one, since %[1]s changes the order of items", operator, v))
	}
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			item := new(T)                         // one for all items, so that taking the address does not allocate each
			clearer := any(item).(positionClearer) //nolint:forcetypeassert,errcheck // checked above
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					return yield(v, err)
				}
				*item = v
				clearer.ClearResumeID()
				return yield(*item, nil)
			})
		}
	}
}

// A positionClearer is an item whose position can be made unknown.
type positionClearer interface{ ClearResumeID() }
