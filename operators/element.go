package operators

import "github.com/rxsse/rxsse"

// First delivers the first item of src and completes with it, releasing src. A
// src without items gives a stream without items: see [DefaultIfEmpty].
//
//	src:    --1--2--3--|
//	First:  --(1|)
//
// It is [Take] of one item.
func First[T any](src rxsse.Observable[T]) rxsse.Observable[T] {
	mustNotBeNil("First: src", src == nil)
	return Take(src, 1)
}

// Last delivers the last item of src when src completes. A src without items
// gives a stream without items.
//
//	src:   --1--2--3--|
//	Last:  -----------(3|)
//
// It is [TakeLast] of one item.
func Last[T any](src rxsse.Observable[T]) rxsse.Observable[T] {
	mustNotBeNil("Last: src", src == nil)
	return TakeLast(src, 1)
}

// ElementAt delivers the item of src with the index n, of which the first is 0,
// and completes with it, releasing src. A src with fewer items gives a stream
// without items. A negative n panics.
//
//	src:           --1--2--3--|
//	ElementAt(1):  -----(2|)
func ElementAt[T any](src rxsse.Observable[T], n int) rxsse.Observable[T] {
	mustNotBeNil("ElementAt: src", src == nil)
	mustNotBeNegative("ElementAt: n", n)
	return Take(Skip(src, n), 1)
}
