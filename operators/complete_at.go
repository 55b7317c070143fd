package operators

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/rxsse/rxsse"
)

// CompleteAt delivers the items of src until isEnd returns true for one, and then
// completes. That item is not delivered, and src is released. If src completes without such
// an item, CompleteAt fails with an error that wraps [io.ErrUnexpectedEOF]: the stream was
// cut off.
//
//	src:                --1--2--E--3--|
//	CompleteAt(is(E)):  --1--2--|
//
//	src:                --1--2--|
//	CompleteAt(is(E)):  --1--2--#
//
// Many servers mark the end of an answer this way, since a closed connection alone does not
// say whether the answer was complete:
//
//	chunks := operators.CompleteAt(events, func(e codec.Event) bool { return e.Data == "[DONE]" })
//
// For a stream that may also complete without such an item, use [TakeWhile].
//
// Synchronous. On error and cancel it ends as src does.
func CompleteAt[T any](src rxsse.Observable[T], isEnd func(T) bool) rxsse.Observable[T] {
	mustNotBeNil("CompleteAt: src", src == nil)
	mustNotBeNil("CompleteAt: isEnd", isEnd == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			ended := false
			src(ctx)(func(v T, err error) bool {
				switch {
				case err != nil:
					ended = true
					return fail(yield, err)
				case isEnd(v):
					ended = true
				default:
					ended = !yield(v, nil)
				}
				return !ended
			})
			if !ended {
				fail(yield, fmt.Errorf("operators: CompleteAt: the stream completed before its end item: %w", io.ErrUnexpectedEOF))
			}
		}
	}
}
