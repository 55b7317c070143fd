package rxssetest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
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
const panicValue = "rxssetest: a panic that must reach the consumer"

// bubble runs one case in its own bubble, and checks that it leaves no goroutine behind.
func bubble(t *testing.T, name string, check func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			before := others(t)
			defer time.AfterFunc(2*overdue, func() {
				left := others(t)
				maps.DeleteFunc(left, func(name, _ string) bool { return before[name] != "" })
				t.Errorf("the stream does not end; these goroutines wait:\n%s", strings.Join(slices.Collect(maps.Values(left)), "\n\n"))
			}).Stop()
			check(t)
			synctest.Wait() // goroutines that are just returning
			requireNoneLeft(t, before)
		})
	})
}

// requireLeft leaves at the first item.
func requireLeft[T any](t *testing.T, obs rxsse.Observable[T]) {
	t.Helper()
	left := time.Time{}
	got := observe(t.Context(), t, obs, func(int) bool {
		left = time.Now()
		return false
	})
	got.requireCompleted(t)
	got.requireLen(t, 1)
	requireEndsAtOnce(t, left, "the consumer had left it")
}

// requireCancelledByConsumer cancels in the body of the loop over the first item.
func requireCancelledByConsumer[T any](t *testing.T, obs rxsse.Observable[T]) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancelled := time.Time{}
	got := observe(ctx, t, obs, func(int) bool {
		cancelled = time.Now()
		cancel(errCause)
		return true
	})
	got.requireFailed(t, errCause)
	got.requireLen(t, 1)
	requireEndsAtOnce(t, cancelled, "the consumer had cancelled its context")
}

func requireCancelledBefore[T any](t *testing.T, obs rxsse.Observable[T]) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCause)
	start := time.Now()
	got := observe(ctx, t, obs, nil)
	got.requireFailed(t, errCause)
	got.requireLen(t, 0)
	requireEndsAtOnce(t, start, "a start with a cancelled context")
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
	cancelled := time.Now().Add(after)
	time.AfterFunc(after, func() { cancel(errCause) })
	got := observe(ctx, t, obs, nil)
	got.requireFailed(t, errCause)
	requireEndsAtOnce(t, cancelled, "its context was cancelled")
}

func requireConsumerPanic[T any](t *testing.T, obs rxsse.Observable[T]) {
	t.Helper()
	observe(t.Context(), t, obs, func(int) bool { panic(panicValue) }).requirePanic(t)
}
