package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Scan folds the items of src and delivers each intermediate result: for each item v it
// sets acc, initially seed, to f(acc, v) and delivers acc. It does not deliver seed itself.
// To deliver only the last result, use [Reduce].
//
//	src:          --1--2--3--|
//	Scan(0, +):   --1--3--6--|
//
// Synchronous. It ends as src does, and holds acc. Each subscription starts from seed, so
// if seed is a pointer, map or slice, f must not modify what it refers to.
func Scan[T, A any](src rxsse.Observable[T], seed A, f func(acc A, v T) A) rxsse.Observable[A] {
	mustNotBeNil("Scan: src", src == nil)
	mustNotBeNil("Scan: f", f == nil)
	return func(ctx context.Context) iter.Seq2[A, error] {
		return func(yield func(A, error) bool) {
			acc := seed
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				acc = f(acc, v)
				return yield(acc, nil)
			})
		}
	}
}
