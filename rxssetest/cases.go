package rxssetest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rxsse/rxsse"
)

var (
	errUpstream = errors.New("rxssetest: the upstream failed")
	errCause    = errors.New("rxssetest: the subscriber gave up")
)

// panicValue is what consumers and functions under check panic with.
const panicValue = "rxssetest: panic value"

// bubble runs one case in a bubble of its own, and checks that it leaves no
// goroutine behind.
func bubble(t *testing.T, name string, check func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			before := others(t)
			check(t)
			synctest.Wait() // goroutines that are just returning
			requireNoneLeft(t, before)
		})
	})
}

func requireCancelledBefore[T any](t *testing.T, obs rxsse.Observable[T]) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCause)
	start := time.Now()
	got := observe(ctx, t, obs, nil)
	got.requireFailed(t, errCause)
	got.requireLen(t, 0)
	requireTime(t, time.Since(start), 0)
}

// requireCancelledAtItem cancels in the body of the loop over item n, and takes its
// time there: all upstreams have completed by then.
func requireCancelledAtItem[T any](t *testing.T, obs rxsse.Observable[T], n int) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	got := observe(ctx, t, obs, func(i int) bool {
		if i == n {
			time.Sleep(time.Minute) //nolint:forbidigo // in a bubble: until all upstreams have completed
			cancel(errCause)
		}
		return true
	})
	got.requireFailed(t, errCause)
	got.requireLen(t, n)
}

// requireCancelledLater cancels from another goroutine while the stream waits.
func requireCancelledLater[T any](t *testing.T, obs rxsse.Observable[T]) {
	t.Helper()
	const after = time.Hour + time.Microsecond
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(after, func() { cancel(errCause) })
	start := time.Now()
	got := observe(ctx, t, obs, nil)
	got.requireFailed(t, errCause)
	requireTime(t, time.Since(start), after)
}
