package operators

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/rxsse/rxsse"
)

// MergeDelayError is [Merge] that does not end when one of srcs fails: the others continue,
// and the error is delivered once all of them have ended.
//
//	a:                      --1--#
//	b:                      ----2---3--|
//	MergeDelayError(a, b):  --1-2---3--#
//
// A single error is delivered unchanged; several are joined with [errors.Join], in the
// order of srcs. In all other respects it is like Merge.
//
// RxJava and Reactor call it mergeDelayError.
func MergeDelayError[T any](srcs ...rxsse.Observable[T]) rxsse.Observable[T] {
	srcs = slices.Clone(srcs)
	mustNotHoldNil("MergeDelayError: srcs", srcs)
	return withoutPositions("MergeDelayError", func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			failures := make([]error, len(srcs)) // each belongs to one goroutine until merge has ended
			held := make([]rxsse.Observable[T], len(srcs))
			for i, src := range srcs {
				held[i] = holdError(src, &failures[i])
			}
			ended := false // by a cancellation, or by the consumer
			merge(held)(ctx)(func(v T, err error) bool {
				ended = !yield(v, err) || err != nil
				return !ended
			})
			if !ended {
				failed := slices.DeleteFunc(failures, func(err error) bool { return err == nil })
				switch len(failed) {
				case 0:
				case 1:
					fail(yield, failed[0])
				default:
					fail(yield, errors.Join(failed...))
				}
			}
		}
	})
}

// holdError delivers the items of src. If src fails, holdError stores the error in failure
// and completes. The cause of a cancelled context is no failure.
func holdError[T any](src rxsse.Observable[T], failure *error) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			src(ctx)(func(v T, err error) bool {
				switch {
				case *failure != nil: // a source that goes on after its error
					return false
				case err != nil && ctx.Err() == nil:
					*failure = err
					return false
				}
				return yield(v, err) && err == nil
			})
		}
	}
}
