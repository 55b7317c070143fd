package sink

import (
	"context"
	"errors"
	"fmt"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// ErrEmpty means that a stream completed without an item.
var ErrEmpty = errors.New("the stream completed without an item")

// First subscribes to src, returns its first item and ends src. If src completes without an
// item, First returns an error that wraps [ErrEmpty]. If src fails or ctx is cancelled
// first, it returns the error or the cause. For the first item as a stream, use First of
// package operators.
func First[T any](ctx context.Context, src rxsse.Observable[T]) (T, error) {
	argument.MustNotBeNil("sink: First: src", src == nil)
	for v, err := range src(ctx) {
		return v, err
	}
	var zero T
	return zero, fmt.Errorf("sink: First: %w", ErrEmpty)
}

// Last subscribes to src and returns its last item once it completes. If src completes
// without an item, Last returns an error that wraps [ErrEmpty]. If src fails or ctx is
// cancelled, it returns the last item so far and the error or the cause. For the last item
// as a stream, use Last of package operators.
func Last[T any](ctx context.Context, src rxsse.Observable[T]) (T, error) {
	argument.MustNotBeNil("sink: Last: src", src == nil)
	var last T
	empty := true
	err := ForEach(ctx, src, func(v T) error {
		last, empty = v, false
		return nil
	})
	if err == nil && empty {
		err = fmt.Errorf("sink: Last: %w", ErrEmpty)
	}
	return last, err
}

// Reduce subscribes to src and folds its items into one value: it calls f for each item
// with the value so far, initially seed. Once src completes, Reduce returns the value. If
// src or f fails, or ctx is cancelled, it returns the value so far and the error or the
// cause.
func Reduce[T, A any](ctx context.Context, src rxsse.Observable[T], seed A, f func(acc A, v T) (A, error)) (A, error) {
	argument.MustNotBeNil("sink: Reduce: src", src == nil)
	argument.MustNotBeNil("sink: Reduce: f", f == nil)
	err := ForEach(ctx, src, func(v T) error {
		next, err := f(seed, v)
		if err == nil {
			seed = next
		}
		return err
	})
	return seed, err
}
