package rxssetest_test

import (
	"context"
	"iter"
	"testing"

	"go.uber.org/goleak"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rxssetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type ints = rxsse.Observable[int]

// A sequence is an operator as a function on the sequence itself.
type sequence func(ctx context.Context, src ints, yield func(int, error) bool)

func (op sequence) apply(src ints) ints {
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) { op(ctx, src, yield) }
	}
}

// described returns op as it is given to the checker, if it delivers 1, 2, 3 unchanged.
func (op sequence) described() rxssetest.Operator[int, int] {
	return rxssetest.Operator[int, int]{Apply: op.apply, Items: []int{1, 2, 3}, Want: []int{1, 2, 3}}
}

func identity(ctx context.Context, src ints, yield func(int, error) bool) {
	src(ctx)(func(v int, err error) bool { return yield(v, err) && err == nil })
}

// takeTwo is Take(2).
func takeTwo(ctx context.Context, src ints, yield func(int, error) bool) {
	n := 0
	src(ctx)(func(v int, err error) bool {
		n++
		goOn := yield(v, err) && err == nil
		if goOn && n == 2 && ctx.Err() != nil {
			yield(0, context.Cause(ctx))
		}
		return goOn && n < 2
	})
}

// sum delivers the sum of all items at the end.
func sum(ctx context.Context, src ints, yield func(int, error) bool) {
	total, failed := 0, false
	src(ctx)(func(v int, err error) bool {
		if err != nil {
			failed = true
			return yield(0, err) && false
		}
		total += v
		return true
	})
	if !failed && yield(total, nil) && ctx.Err() != nil {
		yield(0, context.Cause(ctx))
	}
}

// orZero delivers zero instead of an error that is not a cancellation.
func orZero(ctx context.Context, src ints, yield func(int, error) bool) {
	src(ctx)(func(v int, err error) bool {
		if err != nil && ctx.Err() == nil {
			err = nil
		}
		return yield(v, err) && err == nil
	})
}

// addOrPanic is an operator with a function of its user's.
func addOrPanic(src ints, v any) ints {
	return sequence(func(ctx context.Context, src ints, yield func(int, error) bool) {
		identity(ctx, src, func(int, error) bool { panic(v) })
	}).apply(src)
}

func TestTheCheckerAcceptsOperatorsThatKeepTheContract(t *testing.T) {
	items := []int{1, 2, 3}
	for name, o := range map[string]rxssetest.Operator[int, int]{
		"plain":           sequence(identity).described(),
		"without Want":    {Apply: sequence(identity).apply, Items: items},
		"with a function": {Apply: sequence(identity).apply, Items: items, Want: items, Panicking: addOrPanic},
		"ends early":      {Apply: sequence(takeTwo).apply, Items: items, Want: []int{1, 2}, EndsEarly: true},
		"at the end":      {Apply: sequence(sum).apply, Items: items, Want: []int{6}, AtEnd: true},
		"handles errors":  {Apply: sequence(orZero).apply, Items: items, Want: items, HandlesErrors: true},
	} {
		t.Run(name, o.Check)
	}
}
