package operators

import (
	"context"
	"errors"
	"iter"

	"golang.org/x/time/rate"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/clock"
)

// RateLimit delivers each item of src as soon as limiter permits an event. It drops
// nothing: src waits. To let src run ahead, put [Buffer] before it; to drop items instead,
// use [Throttle] or [ThrottleLatest].
//
//	src:                               abcd---------e|
//	RateLimit(every 3, a burst of 2):  ab-c--d------e|
//
// All subscriptions, and all other users of limiter, share its rate. The rate can be
// changed at any time; an item that is already waiting keeps its time.
//
// It ends as src does. If it is cancelled during a wait, the waiting item is dropped and
// its reservation is cancelled. It fails if the limiter's burst is 0, so that it never
// permits an event. Synchronous, except for a timer when it has to wait.
func RateLimit[T any](src rxsse.Observable[T], limiter *rate.Limiter) rxsse.Observable[T] {
	mustNotBeNil("RateLimit: src", src == nil)
	mustNotBeNil("RateLimit: limiter", limiter == nil)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			src(ctx)(func(v T, err error) bool {
				if err == nil {
					err = await(ctx, limiter)
				}
				if err != nil {
					return fail(yield, err)
				}
				return yield(v, nil)
			})
		}
	}
}

// await waits for the limiter. Unlike limiter.Wait, it does not fail early when the wait
// would outlast the deadline of ctx, and it fails with the cause.
func await(ctx context.Context, limiter *rate.Limiter) error {
	if limiter.Allow() { // without the allocation of a reservation
		return nil
	}
	reservation := limiter.Reserve()
	if !reservation.OK() {
		return errors.New("operators: RateLimit: the limiter's burst is 0, so it permits nothing; make it at least 1")
	}
	if wait := reservation.Delay(); wait > 0 && !clock.Sleep(ctx, wait) {
		reservation.Cancel()
		return context.Cause(ctx)
	}
	return nil
}
