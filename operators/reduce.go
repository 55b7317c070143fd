package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Reduce folds the items of src into one value and delivers it when src completes:
// f(…f(f(seed, v1), v2)…, vn), or seed if there was no item. To deliver each intermediate
// result, use [Scan]. The result is a stream; the function Reduce of package sink returns
// the value.
//
//	src:           --1--2--3--|
//	Reduce(0, +):  -----------(6|)
//
// Synchronous. On error and cancel it delivers no value and ends as src does. It holds one
// value. Each subscription starts from seed, so if seed is a pointer, map or slice, f must
// not modify what it refers to.
func Reduce[T, A any](src rxsse.Observable[T], seed A, f func(acc A, v T) A) rxsse.Observable[A] {
	mustNotBeNil("Reduce: src", src == nil)
	mustNotBeNil("Reduce: f", f == nil)
	return func(ctx context.Context) iter.Seq2[A, error] {
		return func(yield func(A, error) bool) {
			acc, failed := seed, false
			src(ctx)(func(v T, err error) bool {
				if failed {
					return false
				}
				if err != nil {
					failed = true
					return fail(yield, err)
				}
				acc = f(acc, v)
				return true
			})
			if !failed {
				completeWith(ctx, yield, acc)
			}
		}
	}
}
