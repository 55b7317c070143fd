package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Tap calls f with each item of src, before it delivers that item unchanged: to
// log, count or trace on the way.
//
//	src:     --1--2--3--|
//	Tap(f):  --1--2--3--|   f(1) f(2) f(3)
//
// On completion, error and cancel it ends as src does, without calling f. It runs
// on the consumer's goroutine and holds nothing.
func Tap[T any](src rxsse.Observable[T], f func(T)) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			src(ctx)(func(v T, err error) bool {
				if err == nil {
					f(v)
				}
				return yield(v, err) && err == nil
			})
		}
	}
}
