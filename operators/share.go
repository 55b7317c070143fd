package operators

import (
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// Share lets any number of subscribers share one subscription to src. The first subscriber
// starts src; with [MinSubscribers], a later one does. When the last subscriber leaves, src
// is cancelled; with [GracePeriod], some time later. Later subscribers miss earlier items;
// see [Replay].
//
//	src:                            -1-2-3-4-5|
//	Share(src, n, OverflowBlock):   -1-2-3-4-5|
//	a later subscriber:                 -3-4-5|
//
// Each subscriber can be up to n items behind. Beyond that, overflow decides: with
// [OverflowBlock] the slowest subscriber sets the pace for all; with the other policies
// only the slow subscriber misses items, or fails.
//
// When src completes or fails, each subscriber completes or fails after its buffered items;
// the next subscriber starts src again. A panic in src reaches every subscriber. A
// subscriber whose context is cancelled ends with the cause, and the others continue: the
// context of src has the values of the context of the subscriber that started it, but not
// its deadline or cancellation.
//
// Share runs src on its own goroutine. Without GracePeriod that goroutine has ended when
// the range of the last subscriber ends. Share holds at most n items for each subscriber,
// not counting the one being delivered; with OverflowBlock, not counting up to n taken for
// delivery.
//
// Share panics if src is nil, n is not positive or overflow is none of the constants.
func Share[T any](src rxsse.Observable[T], n int, overflow Overflow, opts ...ShareOption) rxsse.Observable[T] {
	mustNotBeNil("Share: src", src == nil)
	argument.MustBePositive("operators: Share: n", n)
	return newMulticast("Share", src, 0, n, overflow, opts).observe
}

// Replay is [Share] with a memory: a later subscriber first gets the newest items that src
// has delivered, up to remember of them, and then the following ones.
//
//	src:                                 -1-2-3-4-5|
//	Replay(src, 2, n, OverflowBlock):    -1-2-3-4-5|
//	a later subscriber:                    (12)-3-4-5|
//	one after the end:                               (45|)
//
// Once src has completed, Replay keeps its last items forever and does not start src again:
// a later subscriber gets these items and completes. Replay forgets them when src fails or
// is cancelled because the last subscriber left; the next subscriber then starts src again.
// In all other respects Replay is like Share. Remembered items do not count towards n.
//
// Replay panics if src is nil, remember or n is not positive, or overflow is none of the
// constants.
func Replay[T any](src rxsse.Observable[T], remember, n int, overflow Overflow, opts ...ShareOption) rxsse.Observable[T] {
	mustNotBeNil("Replay: src", src == nil)
	argument.MustBePositive("operators: Replay: remember", remember)
	argument.MustBePositive("operators: Replay: n", n)
	return newMulticast("Replay", src, remember, n, overflow, opts).observe
}

// A ShareOption configures [Share] and [Replay]: [MinSubscribers] sets when src starts,
// [GracePeriod] when it is cancelled. Each [OverflowOption] is a ShareOption too.
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
// the n misses an item. Use it when a pipeline reads a stream several times: with
// MinSubscribers(2), Merge(f(shared), g(shared)) loses nothing. It replaces Connect of RxGo
// and RxJS. Default: 1.
//
//	src:                                                -1-2|
//	Share(src, n, OverflowBlock, MinSubscribers(2)):    ------1-2|
//	the second subscriber, after 5:                          -1-2|
//
// Subscribers wait until there are n, or until their contexts end. A subscriber whose
// context ends no longer counts. With fewer than n at a time, src never starts:
// Concat(shared, shared) waits forever, since it subscribes to one at a time.
//
// Once src runs, subscribers can come and go until the last one leaves. Each new start,
// after the end of src or after all have left, needs n subscribers again. A completed
// Replay serves each subscriber at once.
//
// MinSubscribers panics if n is not positive.
func MinSubscribers(n int) ShareOption {
	argument.MustBePositive("operators: MinSubscribers: n", n)
	return shareOption(func(o *shareOptions) { o.minSubscribers = n })
}

// GracePeriod keeps src running for d after the last subscriber has left. A subscriber that
// arrives within d, but not at its very end, joins the running src, so that successive
// readers share one connection. Default: no grace period.
//
//	src:                                             -1-2-3-4-5|
//	Share(src, n, OverflowBlock, GracePeriod(4)):    -1-2!
//	another subscriber, within 4:                          -4-5|
//
// Without a subscriber, Share drops the items of src, and Replay remembers the newest ones.
// If src completes, Replay keeps its last items forever, and the next subscriber of Share
// starts src again. If src fails, the error is lost, and the next subscriber starts src
// again. If src panics, the next subscriber gets the panic.
//
// With GracePeriod, unlike elsewhere in this package, something outlives the range that
// started it: src, on its goroutine, and a timer. At the end of d, src is cancelled.
// Cancelling the contexts of former subscribers does not shorten the grace period, because
// cancelling is how subscribers leave. A program or test that must leave nothing running
// has to wait for d after its last subscriber, or cancel something below src.
//
// GracePeriod panics if d is not positive.
func GracePeriod(d time.Duration) ShareOption {
	argument.MustBePositive("operators: GracePeriod: d", d)
	return shareOption(func(o *shareOptions) { o.gracePeriod = d })
}
