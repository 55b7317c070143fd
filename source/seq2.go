package source

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// FromSeq2 is [FromSeq] for a sequence that can fail: it delivers the values of seq, and
// the first error ends the stream and seq. The value paired with an error is dropped.
// FromSeq2 panics if seq is nil.
func FromSeq2[T any](seq iter.Seq2[T, error]) rxsse.Observable[T] {
	argument.MustNotBeNil("source: FromSeq2: seq", seq == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			ended := false // by an error, or by the consumer
			if done := ctx.Done(); !isDone(done) {
				seq(func(v T, err error) bool {
					switch {
					case isDone(done):
						return false
					case err != nil:
						ended = true
						var zero T
						yield(zero, err)
					default:
						ended = !yield(v, nil)
					}
					return !ended
				})
			}
			if !ended {
				end(ctx, yield)
			}
		}
	}
}
