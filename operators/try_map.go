package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// TryMap delivers f(v) for each item v of src until f returns an error, which releases src
// and ends the stream.
//
//	src:               --"1"--"2"--"x"--"4"--|
//	TryMap(ParseInt):  --1----2----#
//
// Synchronous. It ends as src does.
func TryMap[T, R any](src rxsse.Observable[T], f func(T) (R, error)) rxsse.Observable[R] {
	mustNotBeNil("TryMap: src", src == nil)
	mustNotBeNil("TryMap: f", f == nil)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			src(ctx)(func(v T, err error) bool {
				var r R
				if err == nil {
					r, err = f(v)
				}
				if err != nil {
					return fail(yield, err)
				}
				return yield(r, nil)
			})
		}
	}
}
