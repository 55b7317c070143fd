package rxssetest

import (
	"context"
	"testing"
	"time"

	"github.com/rxsse/rxsse"
)

// A leavingCase is one way in which a consumer leaves a stream that has not ended.
type leavingCase[T any] struct {
	name      string
	needsMore bool // the stream must continue after its first item
	check     func(t *testing.T, obs rxsse.Observable[T])
}

func leavingCases[T any]() []leavingCase[T] {
	return []leavingCase[T]{
		{"break", false, func(t *testing.T, obs rxsse.Observable[T]) {
			left := time.Time{}
			got := observe(t.Context(), t, obs, func(int) bool {
				left = time.Now()
				return false
			})
			got.requireCompleted(t)
			got.requireLen(t, 1)
			requireEndsAtOnce(t, left, "the consumer had left it")
		}},
		{"cancelled by the consumer", true, func(t *testing.T, obs rxsse.Observable[T]) {
			ctx, cancel := context.WithCancelCause(t.Context())
			left := time.Time{}
			got := observe(ctx, t, obs, func(int) bool {
				left = time.Now()
				cancel(errCause)
				return true
			})
			got.requireFailed(t, errCause)
			got.requireLen(t, 1)
			requireEndsAtOnce(t, left, "the consumer had cancelled its context")
		}},
		{"cancelled while running", true, func(t *testing.T, obs rxsse.Observable[T]) {
			requireCancelledLater(t, obs)
		}},
	}
}

// checkLeaving checks every way to leave a source that has not ended.
func checkLeaving[T any](t *testing.T, build func() rxsse.Observable[T]) {
	t.Helper()
	for _, c := range leavingCases[T]() {
		if c.name == "cancelled while running" {
			continue // an endless source that never waits keeps the fake clock still
		}
		bubble(t, c.name, func(t *testing.T) { c.check(t, build()) })
	}
	bubble(t, "cancelled before", func(t *testing.T) { requireCancelledBefore(t, build()) })
	bubble(t, "panic in the consumer", func(t *testing.T) { requireConsumerPanic(t, build()) })
}

func requireConsumerPanic[T any](t *testing.T, obs rxsse.Observable[T]) {
	t.Helper()
	observe(t.Context(), t, obs, func(int) bool { panic(panicValue) }).requirePanic(t)
}

// checkSilent checks cancelling a source that delivers nothing.
func checkSilent[T any](t *testing.T, build func() rxsse.Observable[T]) {
	t.Helper()
	bubble(t, "cancelled while silent", func(t *testing.T) { requireCancelledLater(t, build()) })
	bubble(t, "silent, cancelled before", func(t *testing.T) { requireCancelledBefore(t, build()) })
}
