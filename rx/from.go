package rx

import (
	"context"
	"iter"
	"reflect"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
)

// From makes a typed Observable of an RxGo one, or of any other [rxgo.Iterable].
// Each range calls it.Observe with a context of its own.
//
// Items become values of T. An item of another type ends the stream with a
// [*TypeError]; a nil item is the zero value of T where T can hold nil (a pointer,
// interface, map, slice, func or chan), otherwise a TypeError. An error item ends
// the stream with that error, unless [ContinueOnError] says otherwise. When RxGo
// closes its channel the stream completes.
//
// When the context of the range ends, the stream ends with [context.Cause] of it,
// although RxGo only closes its channel then. However the range ends (break and a
// panic in the loop body included), the context that it was observed with is
// cancelled and what RxGo still sends is read and dropped until it closes its
// channel, for at most 100 ms: that frees the operators that look at a context or
// at their upstream. A chain that never closes its channel (on cancel, Range and
// GroupBy do not; Never, Interval and event sources cannot) costs the full 100 ms.
// Sources made with [ToRxGo] further up, if they were passed the context, have
// been closed when the range returns.
//
// From suits chains of lazy operators (Map, Filter, Take, Skip, Scan, Distinct and
// the like). Operators that subscribe when they are built, Merge or Retry for
// example, were never told the context of a range, and others can be observed
// only once: see the table in the package documentation, and use [FromFunc].
func From[T any](it rxgo.Iterable, opts ...Option) rxsse.Observable[T] {
	return FromFunc[T](func(rxgo.Option) rxgo.Iterable { return it }, opts...)
}

// FromFunc is [From] for a chain that build makes anew for each range. It is the
// form to prefer: the chain can be ranged over any number of times although RxGo's
// results often can be observed only once, and nothing runs before the range
// although many RxGo operators start when they are built.
//
// build is called on the ranging goroutine. It gives opt, which carries the
// range's context, to every RxGo function and operator of the chain, and to each
// [ToRxGo] in it: those that get it leave no goroutine behind, whenever the
// range ends. The package documentation names the few exceptions.
//
// Windows and groups end with the range that they came from: read them in the loop
// body, or flatten them in build.
//
// I is whatever build returns, an [rxgo.Observable], [rxgo.Single] or
// [rxgo.OptionalSingle], and is inferred.
func FromFunc[T any, I rxgo.Iterable](build func(opt rxgo.Option) I, opts ...Option) rxsse.Observable[T] {
	o := newOptions(opts)
	cast := caster[T]()
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			var zero T
			if ctx.Err() != nil {
				yield(zero, context.Cause(ctx))
				return
			}
			s := newSubscription(ctx)
			defer s.close()
			s.observe(build(s.option()))
			for item, ok := s.next(); ok; item, ok = s.next() {
				v, err := cast(item)
				if item.E != nil && o.onError != nil {
					o.onError(item.E)
					continue
				}
				if !yield(v, err) || err != nil {
					return
				}
			}
			if err := s.err(); err != nil && s.panicked == nil {
				yield(zero, err)
			}
		}
	}
}

// caster returns the function that takes a T, or the error, out of an item.
func caster[T any]() func(rxgo.Item) (T, error) {
	want := reflect.TypeFor[T]()
	nilable := canBeNil(want.Kind())
	return func(item rxgo.Item) (T, error) {
		v, ok := item.V.(T)
		switch {
		case item.E != nil:
			var zero T
			return zero, item.E
		case ok, item.V == nil && nilable:
			return v, nil
		}
		return v, &TypeError{Want: want, Got: reflect.TypeOf(item.V)}
	}
}

func canBeNil(k reflect.Kind) bool {
	switch k {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return true
	default:
		return false
	}
}
