package operators

import (
	"context"
	"iter"
	"slices"

	"github.com/rxsse/rxsse"
)

// Concat delivers the items of the first of srcs and, when it completes, those of the next,
// and so on. It subscribes to each stream only when its turn comes.
//
//	a:             --1--2--|
//	b:             -3-4-|
//	Concat(a, b):  --1--2---3-4-|
//
// Synchronous. It completes when the last of srcs does, or immediately if there are none.
// An error of any of them, or a cancellation, ends it.
func Concat[T any](srcs ...rxsse.Observable[T]) rxsse.Observable[T] {
	srcs = slices.Clone(srcs)
	mustNotHoldNil("Concat: srcs", srcs)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			ended := false // by an error, or by the consumer
			for _, src := range srcs {
				src(ctx)(func(v T, err error) bool {
					ended = ended || !yield(v, err) || err != nil
					return !ended
				})
				if ended {
					return
				}
			}
			complete(ctx, yield)
		}
	}
}

// StartWith delivers items and then those of src.
//
//	src:                ---1--2--|
//	StartWith(src, 0):  0--1--2--|
//
// Synchronous. It ends as src does, and holds items.
func StartWith[T any](src rxsse.Observable[T], items ...T) rxsse.Observable[T] {
	mustNotBeNil("StartWith: src", src == nil)
	items = slices.Clone(items)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			for i := range items {
				if ctx.Err() != nil {
					fail(yield, context.Cause(ctx))
					return
				}
				if !yield(items[i], nil) {
					return
				}
			}
			src(ctx)(func(v T, err error) bool { return yield(v, err) && err == nil })
		}
	}
}

// DefaultIfEmpty delivers the items of src and, if src completes without one, v.
//
//	src:                     -----|
//	DefaultIfEmpty(src, 0):  -----(0|)
//
// Synchronous. On error and cancel it ends as src does.
func DefaultIfEmpty[T any](src rxsse.Observable[T], v T) rxsse.Observable[T] {
	mustNotBeNil("DefaultIfEmpty: src", src == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			empty := true
			src(ctx)(func(v T, err error) bool {
				empty = false
				return yield(v, err) && err == nil
			})
			if empty {
				completeWith(ctx, yield, v)
			}
		}
	}
}
