package operators

import (
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// Share lets any number of subscribers share one subscription to src. The first
// subscriber starts src, or the n-th with [MinSubscribers]. When the last subscriber
// leaves, src is cancelled, or a while later with [GracePeriod]. Later subscribers miss
// earlier items; see [Replay].
//
//	src:                            -1-2-3-4-5|
//	Share(src, n, OverflowBlock):   -1-2-3-4-5|
//	a later subscriber:                 -3-4-5|
//
// Each subscriber may be up to n items behind. The overflow policy decides about more:
// with [OverflowBlock] the slowest subscriber sets the pace for all; with the others a slow
// subscriber misses items, or fails, alone.
//
// When src completes or fails, each subscriber completes or fails after its buffered
// items; the next subscriber starts src anew. A panic in src reaches every subscriber. A
// subscriber whose context is cancelled ends with the cause, and the others go on: src has
// the values of the context of the subscriber that starts it, but not its deadline or
// cancellation.
//
// Share runs src on a goroutine of its own. Without GracePeriod that goroutine has ended
// when the range of the last subscriber ends. Share holds at most n items for each
// subscriber, besides the one being delivered; with OverflowBlock, besides up to n being
// delivered.
//
// Share panics if src is nil, n is not positive or overflow is none of the constants.
func Share[T any](src rxsse.Observable[T], n int, overflow Overflow, opts ...ShareOption) rxsse.Observable[T] {
	mustNotBeNil("Share: src", src == nil)
	argument.MustBePositive("operators: Share: n", n)
	return newMulticast("Share", src, 0, n, overflow, opts).observe
}

// Replay is [Share] that remembers: a later subscriber first gets the newest items that
// src has delivered, up to remember of them, and then the later ones.
//
//	src:                                 -1-2-3-4-5|
//	Replay(src, 2, n, OverflowBlock):    -1-2-3-4-5|
//	a later subscriber:                    (12)-3-4-5|
//	one after the end:                               (45|)
//
// Once src has completed, Replay keeps its last items for good and does not start src
// again: a later subscriber gets these items, and completes. Replay forgets them when src
// fails or is cancelled because the last subscriber has left; the next subscriber then
// starts src anew. All else is as in Share. Remembered items do not count towards n.
//
// Replay panics if src is nil, remember or n is not positive, or overflow is none of the
// constants.
func Replay[T any](src rxsse.Observable[T], remember, n int, overflow Overflow, opts ...ShareOption) rxsse.Observable[T] {
	mustNotBeNil("Replay: src", src == nil)
	argument.MustBePositive("operators: Replay: remember", remember)
	argument.MustBePositive("operators: Replay: n", n)
	return newMulticast("Replay", src, remember, n, overflow, opts).observe
}

// A ShareOption changes how [Share] and [Replay] work: [MinSubscribers] when src starts,
// [GracePeriod] when it is cancelled, and each [OverflowOption] what a full buffer does.
type ShareOption interface {
	applyShare(options *shareOptions)
}

type shareOptions struct {
	minSubscribers int
	gracePeriod    time.Duration
	overflow       []OverflowOption
}

type shareOption func(*shareOptions)

func (o shareOption) applyShare(options *shareOptions) { o(options) }

func (o OverflowOption) applyShare(options *shareOptions) {
	options.overflow = append(options.overflow, o)
}

// MinSubscribers starts src with the n-th subscriber instead of the first, so that none of
// the n misses an item. Use it when one pipeline reads a stream several times: with
// MinSubscribers(2), Merge(f(shared), g(shared)) loses nothing. It does what Connect does
// in RxGo and RxJS. Default: 1.
//
//	src:                                                -1-2|
//	Share(src, n, OverflowBlock, MinSubscribers(2)):    ------1-2|
//	the second subscriber, after 5:                          -1-2|
//
// Subscribers wait until there are n, or until their contexts end. A subscriber whose
// context ends no longer counts. With fewer than n at once src never starts:
// Concat(shared, shared) waits forever, since it subscribes once at a time.
//
// Once src runs, subscribers may come and go, until the last one leaves. Each new start,
// after the end of src or after all have left, needs n subscribers again. A completed
// Replay serves each subscriber at once.
//
// MinSubscribers panics if n is not positive.
func MinSubscribers(n int) ShareOption {
	argument.MustBePositive("operators: MinSubscribers: n", n)
	return shareOption(func(o *shareOptions) { o.minSubscribers = n })
}

// GracePeriod keeps src running for d after the last subscriber has left. The next
// subscriber within d joins the running src: readers one after the other use one
// connection, and a page that reloads does not open another. At the very end of d it is
// too late. Default: no grace period.
//
//	src:                                             -1-2-3-4-5|
//	Share(src, n, OverflowBlock, GracePeriod(4)):    -1-2!
//	another subscriber, within 4:                          -4-5|
//
// Meanwhile src runs on as if its subscribers were fast. Share drops the items; Replay
// remembers the newest of them. If src completes, Replay keeps its last items for good,
// and the next subscriber of Share starts src anew. If src fails, the error is lost, and
// the next subscriber starts src anew. If src panics, the next subscriber gets the
// panic.
//
// This is the one case in which something that a subscription has started outlives its
// range: src, on its goroutine, and a timer. At the end of d, src is cancelled, whether
// or not contexts of former subscribers have ended: cancelling those is how subscribers
// leave, so it cannot cut the grace period short. A program or test that must leave
// nothing running waits for d after its last subscriber, or cancels what is under src.
//
// GracePeriod panics if d is not positive.
func GracePeriod(d time.Duration) ShareOption {
	argument.MustBePositive("operators: GracePeriod: d", d)
	return shareOption(func(o *shareOptions) { o.gracePeriod = d })
}
