package operators

import (
	"context"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/handoff"
)

// DistinctUntilChanged delivers the first item of src and then each item that differs from
// the item before it.
//
//	src:                   --1--1--2--2--1--|
//	DistinctUntilChanged:  --1-----2-----1--|
//
// Synchronous. It ends as src does, and holds one item. It compares with ==, which panics
// for interfaces that hold values that are not comparable; for those, use
// [DistinctUntilChangedFunc].
func DistinctUntilChanged[T comparable](src rxsse.Observable[T]) rxsse.Observable[T] {
	mustNotBeNil("DistinctUntilChanged: src", src == nil)
	return DistinctUntilChangedFunc(src, func(a, b T) bool { return a == b })
}

// DistinctUntilChangedFunc is [DistinctUntilChanged] with a function that reports
// whether an item is the same as the last one delivered. Synchronous.
func DistinctUntilChangedFunc[T any](src rxsse.Observable[T], same func(last, v T) bool) rxsse.Observable[T] {
	mustNotBeNil("DistinctUntilChangedFunc: src", src == nil)
	mustNotBeNil("DistinctUntilChangedFunc: same", same == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			var last T
			first := true
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				if !first && same(last, v) {
					return true
				}
				first, last = false, v
				return yield(v, nil)
			})
		}
	}
}

// Distinct drops the items of src whose key is among the keys of the last n items
// delivered. To drop the repetitions of an at-least-once stream, use the items' IDs as keys
// and let n be the number of items that may be repeated at a time.
//
//	src:           --1--2--1--3--1--2--|
//	Distinct(2):   --1--2-----3--1--2--|
//
// Synchronous. It ends as src does and holds n keys. Distinct panics if n is not positive.
func Distinct[T any, K comparable](src rxsse.Observable[T], n int, key func(T) K) rxsse.Observable[T] {
	mustNotBeNil("Distinct: src", src == nil)
	argument.MustBePositive("operators: Distinct: n", n)
	mustNotBeNil("Distinct: key", key == nil)
	return distinct(src, n, 0, key)
}

// DistinctWithin is [Distinct] with a time to live: it remembers a key for d after it
// delivered the key's item, as long as the key is among the last n. Dropped repetitions do
// not prolong that time.
//
//	src:                       --1--1-----1--1--|
//	DistinctWithin(6, 100):    --1--------1-----|
//
// An item that arrives exactly d after the one with the same key is delivered. Synchronous.
// It ends as src does, reads the clock for each item, and holds at most n keys; the next
// item removes expired ones. DistinctWithin panics if d or n is not positive.
func DistinctWithin[T any, K comparable](src rxsse.Observable[T], d time.Duration, n int, key func(T) K) rxsse.Observable[T] {
	mustNotBeNil("DistinctWithin: src", src == nil)
	argument.MustBePositive("operators: DistinctWithin: d", d)
	argument.MustBePositive("operators: DistinctWithin: n", n)
	mustNotBeNil("DistinctWithin: key", key == nil)
	return distinct(src, n, d, key)
}

// distinct is Distinct with a time to live, unless ttl is 0.
func distinct[T any, K comparable](src rxsse.Observable[T], n int, ttl time.Duration, key func(T) K) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			known := knownKeys[K]{n: n, ttl: ttl, keys: map[K]struct{}{}}
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				return !known.add(key(v)) || yield(v, nil)
			})
		}
	}
}

// knownKeys is a set of the last n keys. It forgets each after ttl, unless that is 0.
type knownKeys[K comparable] struct {
	n     int
	ttl   time.Duration
	keys  map[K]struct{}
	order handoff.Ring[knownKey[K]] // oldest first
}

type knownKey[K comparable] struct {
	key   K
	added time.Time // zero without a ttl
}

// add adds k and reports whether it is new.
func (s *knownKeys[K]) add(k K) bool {
	if k != k { //nolint:gocritic // true for NaN, which equals no later key and cannot be deleted from a map
		return true
	}
	var now time.Time
	if s.ttl > 0 {
		now = time.Now()
		for s.order.Len() > 0 && now.Sub(s.order.At(0).added) >= s.ttl {
			delete(s.keys, s.order.Pop().key)
		}
	}
	if _, known := s.keys[k]; known {
		return false
	}
	if s.order.Len() == s.n {
		delete(s.keys, s.order.Pop().key)
	}
	s.keys[k] = struct{}{}
	s.order.Push(knownKey[K]{k, now})
	return true
}
