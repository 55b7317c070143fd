package operators

import (
	"context"
	"iter"
	"slices"

	"github.com/rxsse/rxsse"
)

// Concat delivers the items of the first of srcs and, when that completes, those
// of the next, and so on. A source is not subscribed to before its turn.
//
//	a:             --1--2--|
//	b:             -3-4-|
//	Concat(a, b):  --1--2---3-4-|
//
// It completes when the last source does, at once if there is none. An error of
// a source, or the cause of a cancelled context, ends the stream. It runs on the
// consumer's goroutine and holds nothing.
func Concat[T any](srcs ...rxsse.Observable[T]) rxsse.Observable[T] {
	mustNotHoldNil("Concat: srcs", srcs)
	srcs = slices.Clone(srcs)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			over := false
			for _, src := range srcs {
				src(ctx)(func(v T, err error) bool {
					over = over || !yield(v, err) || err != nil
					return !over
				})
				if over {
					return
				}
			}
			if len(srcs) == 0 {
				complete(ctx, yield)
			}
		}
	}
}

// StartWith delivers items and then those of src.
//
//	src:                ---1--2--|
//	StartWith(src, 0):  0--1--2--|
//
// On completion, error and cancel it ends as src does. It runs on the consumer's
// goroutine and holds nothing but items.
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
			src(ctx)(yield)
		}
	}
}

// DefaultIfEmpty delivers the items of src and, if src completes without one, v.
//
//	src:                     -----|
//	DefaultIfEmpty(src, 0):  -----(0|)
//
// On error and cancel it ends as src does. It runs on the consumer's goroutine and
// holds nothing but v.
func DefaultIfEmpty[T any](src rxsse.Observable[T], v T) rxsse.Observable[T] {
	mustNotBeNil("DefaultIfEmpty: src", src == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			empty := true
			src(ctx)(func(v T, err error) bool {
				empty = false
				return yield(v, err) && err == nil
			})
			if empty && yield(v, nil) {
				complete(ctx, yield)
			}
		}
	}
}
