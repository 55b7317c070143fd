package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// Scan folds the items of src and delivers each intermediate result: for every
// item v it sets acc, at first seed, to f(acc, v) and delivers it. The seed
// itself is not delivered.
//
//	src:          --1--2--3--|
//	Scan(0, +):   --1--3--6--|
//
// On completion, error and cancel it ends as src does. It runs on the consumer's
// goroutine and holds the one value. Each subscription starts from seed, so f
// must not modify what a seed that is a pointer, map or slice refers to.
func Scan[T, A any](src rxsse.Observable[T], seed A, f func(acc A, v T) A) rxsse.Observable[A] {
	mustNotBeNil("Scan: src", src == nil)
	mustNotBeNil("Scan: f", f == nil)
	return func(ctx context.Context) iter.Seq2[A, error] {
		return func(yield func(A, error) bool) {
			acc := seed
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					var zero A
					yield(zero, err)
					return false
				}
				acc = f(acc, v)
				return yield(acc, nil)
			})
		}
	}
}
