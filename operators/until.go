package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
)

// TakeUntil delivers the items of src until notifier delivers an item, and then completes,
// releasing src.
//
//	src:                  --1--2--3--4--|
//	notifier:             -------x
//	TakeUntil(notifier):  --1--2-|
//
// If src ends first, TakeUntil ends as src does. An error of notifier ends the stream too.
// A notifier that completes without an item has no effect. To stop many streams by closing a
// channel, use [DefaultIfEmpty](source.FromChannel(c), v) as the notifier.
//
// The notifier starts first. If it delivers an item without blocking, TakeUntil completes
// without an item, even if src has items ready; src may have been started, and is released.
// In real time see "Start of several streams" in the package documentation.
//
// Asynchronous.
func TakeUntil[T, N any](src rxsse.Observable[T], notifier rxsse.Observable[N]) rxsse.Observable[T] {
	mustNotBeNil("TakeUntil: src", src == nil)
	mustNotBeNil("TakeUntil: notifier", notifier == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			runSides(ctx, sideB[T](Take(notifier, 1)), sideA[T, N](src), yield, func(m *sideItem[T, N]) bool {
				switch {
				case m.isB && m.end: // without a notification
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

// SkipUntil drops the items of src until notifier delivers an item, and then delivers the
// rest.
//
//	src:                  --1--2--3--4--|
//	notifier:             -------x
//	SkipUntil(notifier):  --------3--4--|
//
// It ends as src does. An error of notifier ends the stream too. If notifier completes
// without an item, SkipUntil drops all items.
//
// The notifier starts first. If it delivers an item without blocking, SkipUntil drops
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
