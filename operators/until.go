package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// TakeUntil delivers the items of src until notifier delivers an item, and then
// completes, releasing src.
//
//	src:                  --1--2--3--4--|
//	notifier:             -------x
//	TakeUntil(notifier):  --1--2-|
//
// If src ends before, on completion, error or cancel, so does TakeUntil. An error
// of notifier is one of the stream; its completion without an item means that it
// never notifies.
//
// It runs src and notifier on goroutines of their own and holds at most 256 items,
// besides as many being delivered; while it holds that many src waits.
func TakeUntil[T, N any](src rxsse.Observable[T], notifier rxsse.Observable[N]) rxsse.Observable[T] {
	mustNotBeNil("TakeUntil: src", src == nil)
	mustNotBeNil("TakeUntil: notifier", notifier == nil)
	return until(src, notifier, func(m mark, _ bool) (deliver, goOn bool) {
		return m == anItem, m == anItem
	})
}

// SkipUntil drops the items of src until notifier delivers an item, and delivers
// those after it.
//
//	src:                  --1--2--3--4--|
//	notifier:             -------x
//	SkipUntil(notifier):  --------3--4--|
//
// On completion, error and cancel it ends as src does. An error of notifier is one
// of the stream; its completion without an item means that it never notifies.
//
// It runs src and notifier on goroutines of their own and holds at most 256 items,
// besides as many being delivered; while it holds that many src waits.
func SkipUntil[T, N any](src rxsse.Observable[T], notifier rxsse.Observable[N]) rxsse.Observable[T] {
	mustNotBeNil("SkipUntil: src", src == nil)
	mustNotBeNil("SkipUntil: notifier", notifier == nil)
	return until(src, notifier, func(m mark, notified bool) (deliver, goOn bool) {
		return m == anItem && notified, m != theEnd
	})
}

// A mark says what a marked value stands for.
type mark int

const (
	anItem mark = iota
	theEnd      // of the stream the items come from
	aNotification
)

type marked[T any] struct {
	mark  mark
	value T
}

// until runs src and notifier at once. For whatever comes it asks decide whether
// that is delivered and whether the stream goes on.
func until[T, N any](src rxsse.Observable[T], notifier rxsse.Observable[N], decide func(m mark, notified bool) (deliver, goOn bool)) rxsse.Observable[T] {
	notification := Map(Take(notifier, 1), func(N) marked[T] { return marked[T]{mark: aNotification} })
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			notified := false
			Merge(markEnd(src), notification)(ctx)(func(m marked[T], err error) bool {
				if err != nil {
					yield(m.value, err)
					return false
				}
				deliver, goOn := decide(m.mark, notified)
				notified = notified || m.mark == aNotification
				return (!deliver || yield(m.value, nil)) && goOn
			})
		}
	}
}

// markEnd delivers the items of src and, when src completes, a mark that says so:
// for those who run it beside others.
func markEnd[T any](src rxsse.Observable[T]) rxsse.Observable[marked[T]] {
	return func(ctx context.Context) iter.Seq2[marked[T], error] {
		return func(yield func(marked[T], error) bool) {
			over := false
			src(ctx)(func(v T, err error) bool {
				over = err != nil || !yield(marked[T]{anItem, v}, nil)
				if err != nil {
					yield(marked[T]{}, err)
				}
				return !over
			})
			if !over {
				yield(marked[T]{mark: theEnd}, nil)
			}
		}
	}
}
