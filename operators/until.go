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
// If src ends before, on completion, error or cancel, so does TakeUntil. An error of
// notifier ends the stream, too. A notifier that completes without an item has no effect.
//
// The notifier starts first. If it delivers an item without waiting, TakeUntil
// completes without an item, even if src has items at hand; src may have been started,
// and is released. In real time see "Start of several streams" in the package
// documentation.
//
// Asynchronous.
func TakeUntil[T, N any](src rxsse.Observable[T], notifier rxsse.Observable[N]) rxsse.Observable[T] {
	mustNotBeNil("TakeUntil: src", src == nil)
	mustNotBeNil("TakeUntil: notifier", notifier == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			runSides(ctx, sideB[T](Take(notifier, 1)), sideA[T, N](src), yield, func(m *sideItem[T, N]) bool {
				switch {
				case m.isB && m.end: // after the notification, or without one
					return true
				case m.isB || m.end:
					complete(ctx, yield)
					return false
				}
				return yield(m.a, nil)
			})
		}
	}
}

// SkipUntil drops the items of src until notifier delivers an item, and delivers
// those after it.
//
//	src:                  --1--2--3--4--|
//	notifier:             -------x
//	SkipUntil(notifier):  --------3--4--|
//
// On completion, error and cancel it ends as src does. An error of notifier ends the
// stream, too. If notifier completes without an item, SkipUntil drops all items.
//
// The notifier starts first. If it delivers an item without waiting, SkipUntil drops
// nothing. In real time see "Start of several streams" in the package documentation.
//
// Asynchronous.
func SkipUntil[T, N any](src rxsse.Observable[T], notifier rxsse.Observable[N]) rxsse.Observable[T] {
	mustNotBeNil("SkipUntil: src", src == nil)
	mustNotBeNil("SkipUntil: notifier", notifier == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			notified := false
			runSides(ctx, sideB[T](Take(notifier, 1)), sideA[T, N](src), yield, func(m *sideItem[T, N]) bool {
				switch {
				case m.isB:
					notified = notified || !m.end
				case m.end:
					complete(ctx, yield)
					return false
				case notified:
					return yield(m.a, nil)
				}
				return true
			})
		}
	}
}
