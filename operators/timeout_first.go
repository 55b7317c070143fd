package operators

import (
	"context"
	"iter"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
)

// TimeoutFirst fails with a [TimeoutError] if src does not deliver its first item within d
// of the subscription. From the first item on it delivers src unchanged, however long it is
// silent.
//
//	src:              ---a-------b--|
//	TimeoutFirst(4):  ---a-------b--|
//
//	src:              ------a--b|
//	TimeoutFirst(4):  ----#
//
// An item or an end after exactly d is too late. TimeoutFirst then cancels src and fails as
// soon as src has returned. Otherwise it ends as src does. TimeoutFirst panics if d is not
// positive.
//
// Synchronous, except for one timer. RxJS calls it timeout with first, Reactor timeout with
// a firstTimeout.
func TimeoutFirst[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	mustNotBeNil("TimeoutFirst: src", src == nil)
	argument.MustBePositive("operators: TimeoutFirst: d", d)
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			waiting, expired := true, false
			limited, cancel := context.WithCancel(ctx)
			defer cancel()
			deadline := time.Now().Add(d)
			fired := make(chan struct{})
			timer := time.AfterFunc(d, func() { cancel(); close(fired) })
			disarm := func() {
				if !waiting {
					return
				}
				waiting = false
				if timer.Stop() {
					expired = !time.Now().Before(deadline)
				} else {
					expired = true
					<-fired
				}
			}
			defer disarm() // if src panics
			src(limited)(func(v T, err error) bool {
				if waiting {
					disarm()
				}
				return !expired && yield(v, err) && err == nil
			})
			disarm()
			switch {
			case !expired:
			case ctx.Err() != nil:
				fail(yield, context.Cause(ctx))
			default:
				fail(yield, &TimeoutError{Operator: "TimeoutFirst", After: d})
			}
		}
	}
}
