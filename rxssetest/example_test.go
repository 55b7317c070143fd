package rxssetest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"math"
	"net"
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

// Lines delivers the lines of what open returns. It is a source that waits for its items.
func Lines(open func(context.Context) (io.ReadCloser, error)) rxsse.Observable[string] {
	return func(ctx context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			r, err := open(ctx)
			if err == nil {
				defer func() { _ = r.Close() }()
				stop := context.AfterFunc(ctx, func() { _ = r.Close() }) // ends a Scan that waits
				defer stop()
				lines := bufio.NewScanner(r)
				for ctx.Err() == nil && lines.Scan() {
					if !yield(lines.Text(), nil) {
						return
					}
				}
				err = lines.Err()
			}
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield("", err)
			}
		}
	}
}

// lines returns Lines of a connection whose other end writes text n times.
func lines(text string, n int) rxsse.Observable[string] {
	return Lines(func(context.Context) (io.ReadCloser, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer func() { _ = theirs.Close() }()
			for range n {
				if _, err := io.WriteString(theirs, text); err != nil {
					return
				}
			}
		}()
		return ours, nil
	})
}

func TestEvens(t *testing.T) {
	rxssetest.Operator[int, int]{Apply: Evens, Items: []int{1, 2, 3}, Want: []int{2}}.Check(t)
}

func TestNumbers(t *testing.T) {
	rxssetest.Source[int]{Endless: func() rxsse.Observable[int] { return Numbers }}.Check(t)
}

func TestLines(t *testing.T) {
	rxssetest.Source[string]{
		Finite:  func() rxsse.Observable[string] { return lines("a\nb\nc\n", 1) },
		Want:    []string{"a", "b", "c"},
		Endless: func() rxsse.Observable[string] { return lines("a\nb\n", math.MaxInt) },
		Failing: func(err error) rxsse.Observable[string] {
			return Lines(func(context.Context) (io.ReadCloser, error) { return nil, err })
		},
		Silent: func() rxsse.Observable[string] {
			return Lines(func(context.Context) (io.ReadCloser, error) {
				ours, _ := net.Pipe()
				return ours, nil
			})
		},
		Panicking: func(v any) rxsse.Observable[string] {
			return Lines(func(context.Context) (io.ReadCloser, error) { panic(v) })
		},
	}.Check(t)
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
