package rx

import (
	"context"
	"iter"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// From makes a typed Observable of a cold RxGo observable, or of any other [rxgo.Iterable].
// Each range calls it.Observe with a context of its own.
//
// Items become values of T. An item of another type ends the stream with a [*TypeError]. A
// nil item is the zero value of T if T can hold nil (a pointer, interface, map, slice, func
// or chan), and otherwise a TypeError. An error item ends the stream with that error,
// unless [ContinueOnError] is given. When RxGo closes its channel, the stream completes.
//
// When the context of the range ends, the stream ends with its cause, even while RxGo
// blocks in Observe, as it does on a hot observable that waits for another observer. One
// goroutine then remains until RxGo returns.
//
// However the range ends, From stops the chain as the package documentation describes, and
// reads and drops the items that RxGo still sends, for at most 100 ms. Sources made with
// [ToRxGo] have ended when the range returns, if they were passed the context. Only the
// result of [rxgo.FromChannel] is not drained: its channel belongs to the program, and
// keeps its items for another reader.
//
// From is for chains of lazy operators (Map, Filter, Take, Skip, Scan, Distinct and
// others). Operators that subscribe when they are built, such as Merge and Retry, never see
// the context of a range, and many can be observed only once; for these, use [FromFunc].
//
// From is not for hot observables: it observes when the range begins, possibly after
// Connect, and RxGo blocks all other observers when the range ends early. Use [FromHot].
func From[T any](it rxgo.Iterable, opts ...Option) rxsse.Observable[T] {
	argument.MustNotBeNil("rx: From: it", it == nil)
	return FromFunc[T](func(rxgo.Option) rxgo.Iterable { return it }, opts...)
}

// FromFunc is [From] for a chain that build makes for each range. Prefer it to From: the
// stream can be ranged over any number of times, although many of RxGo's results can be
// observed only once, and nothing runs before the range, although many RxGo operators start
// when they are built.
//
// build must pass opt, which carries a context, to every RxGo function and operator of the
// chain except BackOffRetry, and to each [ToRxGo] in it. Then no goroutine is left when the
// range returns, with the few exceptions in the package documentation.
//
// build runs on its own goroutine, so that the range ends with its context even while build
// blocks. A panic in build, and a call of [runtime.Goexit] (t.FailNow), reach the ranging
// goroutine.
//
// RxGo windows and groups end with the range that delivered them: read them in the loop
// body, or flatten them in build.
//
// I, the result type of build, is inferred: [rxgo.Observable], [rxgo.Single] or
// [rxgo.OptionalSingle].
func FromFunc[T any, I rxgo.Iterable](build func(opt rxgo.Option) I, opts ...Option) rxsse.Observable[T] {
	argument.MustNotBeNil("rx: FromFunc: build", build == nil)
	o := newOptions(opts)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			var zero T
			if ctx.Err() != nil {
				yield(zero, context.Cause(ctx))
				return
			}
			s := newSubscription(ctx)
			defer s.close() //nolint:contextcheck // s was made with ctx
			if !s.observe(func() rxgo.Iterable { return build(s.option()) }) || !deliver(&s.reader, o, yield) {
				return
			}
			if err := s.err(); err != nil {
				yield(zero, err)
			}
		}
	}
}
