package operators

import (
	"context"
	"fmt"
	"iter"

	"github.com/rxsse/rxsse"
)

// DistinctUntilChanged delivers the first item of src, and then each that differs
// from the one before it.
//
//	src:                   --1--1--2--2--1--|
//	DistinctUntilChanged:  --1-----2-----1--|
//
// On completion, error and cancel it ends as src does. It runs on the consumer's
// goroutine and holds one item. Like ==, it panics for interfaces that hold what
// cannot be compared; see [DistinctUntilChangedFunc].
func DistinctUntilChanged[T comparable](src rxsse.Observable[T]) rxsse.Observable[T] {
	return DistinctUntilChangedFunc(src, func(a, b T) bool { return a == b })
}

// DistinctUntilChangedFunc is [DistinctUntilChanged] with a function that says
// whether an item is the same as the one delivered last.
func DistinctUntilChangedFunc[T any](src rxsse.Observable[T], same func(last, v T) bool) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			var last T
			first := true
			src(ctx)(func(v T, err error) bool {
				if err == nil {
					if !first && same(last, v) {
						return true
					}
					first, last = false, v
				}
				return yield(v, err) && err == nil
			})
		}
	}
}

// Distinct delivers the items of src whose key is not among the keys of the last
// n items it has delivered: to drop the repetitions of a stream that delivers at
// least once, give it the id and as many as may be repeated at a time. An n that
// is not positive panics.
//
//	src:           --1--2--1--3--1--2--|
//	Distinct(2):   --1--2-----3--1--2--|
//
// On completion, error and cancel it ends as src does. It runs on the consumer's
// goroutine and holds n keys.
func Distinct[T any, K comparable](src rxsse.Observable[T], n int, key func(T) K) rxsse.Observable[T] {
	if n <= 0 {
		panic(fmt.Sprintf("operators: Distinct: n must be positive, got %d", n))
	}
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			known := map[K]struct{}{}
			var ring []K // the keys in known, oldest at next once it is full
			next := 0
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					yield(v, err)
					return false
				}
				k := key(v)
				if k != k { //nolint:gocritic // holds for NaN, which equals nothing and could never be forgotten
					return yield(v, nil)
				}
				if _, repeated := known[k]; repeated {
					return true
				}
				known[k] = struct{}{}
				if len(ring) < n {
					ring = append(ring, k)
				} else {
					delete(known, ring[next])
					ring[next] = k
					next = (next + 1) % n
				}
				return yield(v, nil)
			})
		}
	}
}
