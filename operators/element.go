package operators

import (
	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// First delivers the first item of src and completes, as Take(src, 1) does. If src has no
// items, neither has First; see [DefaultIfEmpty]. The result is a stream; the function
// First of package sink returns the item.
//
//	src:    --1--2--3--|
//	First:  --(1|)
//
// Synchronous.
func First[T any](src rxsse.Observable[T]) rxsse.Observable[T] {
	mustNotBeNil("First: src", src == nil)
	return Take(src, 1)
}

// Last delivers the last item of src when src completes, as TakeLast(src, 1) does. If src
// has no items, neither has Last. The result is a stream; the function Last of package sink
// returns the item.
//
//	src:   --1--2--3--|
//	Last:  -----------(3|)
//
// Synchronous. On error and cancel it delivers no item and ends as src does.
func Last[T any](src rxsse.Observable[T]) rxsse.Observable[T] {
	mustNotBeNil("Last: src", src == nil)
	return TakeLast(src, 1)
}

// ElementAt delivers the item of src with index n, counted from 0, and completes. If src
// has no such item, neither has ElementAt. It panics if n is negative.
//
//	src:           --1--2--3--|
//	ElementAt(1):  -----(2|)
//
// Synchronous. If src ends first, ElementAt ends as src does.
func ElementAt[T any](src rxsse.Observable[T], n int) rxsse.Observable[T] {
	mustNotBeNil("ElementAt: src", src == nil)
	argument.MustNotBeNegative("operators: ElementAt: n", n)
	return Take(Skip(src, n), 1)
}
