package operators

import (
	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/window"
)

// A WindowResult is the value of one window.
type WindowResult[A any] struct {
	WindowInfo

	Value A
}

// Aggregate folds the items of each window into one value as they arrive: init returns the
// value of an empty window, and add returns acc with v added. Aggregate delivers the value
// when the window closes. Windows without items are not delivered.
//
//	src:                                 -1-2----3--------4--|
//	Aggregate(Tumbling(5), zero, plus):  -----3----3---------4|
//
// Completion, errors, cancel and goroutines are as in [Window].
//
// Aggregate holds one accumulator for each open window, regardless of the number of items;
// sessions in event time hold their items, see [EventTime]. An accumulator belongs to one
// window, so it can be a pointer or a map that add modifies in place. If such a window is
// delivered several times, early or after late items, its results share the accumulator.
//
// Aggregate panics if spec is invalid.
func Aggregate[T, A any, W WindowSpec[T]](src rxsse.Observable[T], spec W, init func() A, add func(acc A, v T) A, opts ...WindowOption) rxsse.Observable[WindowResult[A]] {
	mustNotBeNil("Aggregate: src", src == nil)
	mustNotBeNil("Aggregate: init", init == nil)
	mustNotBeNil("Aggregate: add", add == nil)
	plan := newWindowPlan[T]("Aggregate", spec, opts)
	if plan.plainCount() {
		return windowCount(src, plan.bounds.Limit, window.Accumulator[T, A]{New: init, Add: add}, func(acc A, info WindowInfo) WindowResult[A] {
			return WindowResult[A]{info, acc}
		})
	}
	fold := func() window.Accumulator[T, A] { return window.Accumulator[T, A]{New: init, Add: add} }
	return windowed(src, plan, nil, fold, func(_ struct{}, acc A, info WindowInfo) WindowResult[A] {
		return WindowResult[A]{info, acc}
	})
}

// A Keyed is a value and its key.
type Keyed[K comparable, V any] struct {
	Key   K
	Value V
}

// ResumeID returns the ResumeID of Value, or "" if Value has none, see [codec.Resumable].
func (k Keyed[K, V]) ResumeID() string {
	if v, ok := any(&k.Value).(codec.Resumable); ok {
		return v.ResumeID()
	}
	return ""
}

// ClearResumeID clears the ResumeID of Value, see [codec.Resumable].
func (k *Keyed[K, V]) ClearResumeID() {
	if v, ok := any(&k.Value).(interface{ ClearResumeID() }); ok {
		v.ClearResumeID()
	}
}

// IsPartial reports whether Value is the partial result of a window.
func (k Keyed[K, V]) IsPartial() bool {
	v, ok := any(&k.Value).(interface{ IsPartial() bool })
	return ok && v.IsPartial()
}

func (k Keyed[K, V]) isWindow() bool { return isWindow(&k.Value) }

// AggregateBy folds the items of each window and key into one value, as [Aggregate] does
// for all items of a window. Prefer it to [GroupBy] for aggregation: it needs no reader and
// no buffer per key.
//
//	src:                                -A-B-A----B--|
//	AggregateBy(Tumbling(9), 0, count): ---------([A:2][B:1])---([B:1]|)
//
// Windows of Tumbling and Sliding are the same for all keys. Their results are delivered
// key by key, in the order of the keys' first items in the window. Other windows begin with
// an item of their key. Completion, errors, cancel and goroutines are as in [Window]; key,
// init and add run on the consumer's goroutine.
//
// AggregateBy holds one accumulator for each open window and each key with items in it, and
// forgets a key when its last window closes. Windows by count without Within hold a key
// until its window is full. A key that does not equal itself, such as NaN, is a new key
// each time.
//
// AggregateBy panics if spec is invalid.
func AggregateBy[T any, K comparable, A any, W WindowSpec[T]](src rxsse.Observable[T], key func(T) K, spec W, init func() A, add func(acc A, v T) A, opts ...WindowOption) rxsse.Observable[Keyed[K, WindowResult[A]]] {
	mustNotBeNil("AggregateBy: src", src == nil)
	mustNotBeNil("AggregateBy: key", key == nil)
	mustNotBeNil("AggregateBy: init", init == nil)
	mustNotBeNil("AggregateBy: add", add == nil)
	plan := newWindowPlan[T]("AggregateBy", spec, opts)
	fold := func() window.Accumulator[T, A] { return window.Accumulator[T, A]{New: init, Add: add} }
	return windowed(src, plan, key, fold, func(k K, acc A, info WindowInfo) Keyed[K, WindowResult[A]] {
		return Keyed[K, WindowResult[A]]{k, WindowResult[A]{info, acc}}
	})
}
