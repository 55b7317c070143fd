package operators

import (
	"time"

	"github.com/rxsse/rxsse"
)

// An Aggregated is what the items of one closed window were folded into, and the
// window's bounds, as those of a [Windowed].
type Aggregated[A any] struct {
	Start, End time.Time
	Value      A
}

// Aggregate folds the items of each window that w assigns them to into one value,
// as they come: add is given what init or the last add returned, and an item. It
// delivers the value when the window closes. Windows without items are not
// delivered.
//
//	src:                                 -1-2----3--------4--|
//	Aggregate(Tumbling(5), zero, plus):  -----3----3---------4|
//
// Windows close, complete, fail and are cancelled as those of [Window]: the open
// ones are folded as far as they go on completion and before an error, and dropped
// on cancel. The goroutines are those of Window too.
//
// It holds one accumulator for each open window, whatever number of items comes;
// sessions in event time hold their items, see [EventTime]. An accumulator that
// init returned is used for one window only, so it may be a pointer or a map that
// add changes in place.
func Aggregate[T, A any, W Windowing[T]](src rxsse.Observable[T], w W, init func() A, add func(acc A, v T) A) rxsse.Observable[Aggregated[A]] {
	assigner, event := windowing[T]("Aggregate", w)
	if event == nil && !assigner.timed() {
		return windowCount(src, assigner.count, newFold(init, add), func(start, end time.Time, acc A) Aggregated[A] {
			return Aggregated[A]{start, end, acc}
		})
	}
	return windowed(src, assigner, event, windowKind[T, Aggregated[A], struct{}, A]{
		fold: newFold(init, add),
		result: func(_ struct{}, start, end instant, acc A) Aggregated[A] {
			return Aggregated[A]{start.time(), end.time(), acc}
		},
	})
}

// A Keyed is a value and the key it belongs to.
type Keyed[K comparable, V any] struct {
	Key   K
	Value V
}

// AggregateBy folds the items of each window and key into one value, as
// [Aggregate] does for all items of a window. It is the efficient form of grouping
// by a key and aggregating each group.
//
//	src:                                -A-B-A----B--|
//	AggregateBy(Tumbling(9), 0, count): ---------([A:2][B:1])---([B:1]|)
//
// Tumbling and Sliding windows are the same for all keys; what comes of one is
// delivered key by key, in the order in which the keys came in it. The other
// windows are a key's own, and begin with an item of it. On completion and before
// an error the open windows are delivered as far as they have come, and on cancel
// dropped.
//
// It holds an accumulator for each open window and key that has items in it, and
// nothing for a key that has none: keys that fall idle are forgotten with their
// window, with Count alone they are held until it is full. There is one timer for
// all of them. A key that does not equal itself, such as NaN, is a new one each
// time. The goroutines are those of [Window]; key, init and add run on the
// consumer's.
func AggregateBy[T any, K comparable, A any, W Windowing[T]](src rxsse.Observable[T], key func(T) K, w W, init func() A, add func(acc A, v T) A) rxsse.Observable[Keyed[K, Aggregated[A]]] {
	assigner, event := windowing[T]("AggregateBy", w)
	return windowed(src, assigner, event, windowKind[T, Keyed[K, Aggregated[A]], K, A]{
		key:  key,
		fold: newFold(init, add),
		result: func(k K, start, end instant, acc A) Keyed[K, Aggregated[A]] {
			return Keyed[K, Aggregated[A]]{k, Aggregated[A]{start.time(), end.time(), acc}}
		},
	})
}
