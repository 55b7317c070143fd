package rxssetest_test

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rxssetest"
)

// Evens delivers the even items of src. It is an operator as a user writes one.
func Evens(src rxsse.Observable[int]) rxsse.Observable[int] {
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for v, err := range src(ctx) {
				if err != nil {
					yield(0, err)
					return
				}
				if v%2 == 0 && !yield(v, nil) {
					return
				}
			}
		}
	}
}

// Numbers delivers 0, 1, 2 and so on. It is a source as a user writes one.
func Numbers(ctx context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := 0; ctx.Err() == nil; i++ {
			if !yield(i, nil) {
				return
			}
		}
		yield(0, context.Cause(ctx))
	}
}

func TestEvens(t *testing.T) {
	rxssetest.Operator[int, int]{Apply: Evens, Items: []int{1, 2, 3}, Want: []int{2}}.Check(t)
}

func TestNumbers(t *testing.T) {
	rxssetest.Source[int]{Endless: func() rxsse.Observable[int] { return Numbers }}.Check(t)
}

// Double breaks a rule: it ignores the result of yield, and continues after its consumer
// has left. The subtests in which a consumer leaves fail with "yield(4, <nil>) was called
// after the end".
func Double(src rxsse.Observable[int]) rxsse.Observable[int] {
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for v, err := range src(ctx) {
				yield(2*v, err)
			}
		}
	}
}

func Example() {
	for v, err := range Evens(Numbers)(context.Background()) {
		if err != nil || v > 4 {
			break
		}
		fmt.Println(v)
	}
	// Output:
	// 0
	// 2
	// 4
}
