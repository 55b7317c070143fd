package rxssetest

import (
	"testing"

	"github.com/rxsse/rxsse"
)

// A Source describes a source to check by the streams that it can make. Each function is
// called inside a bubble. The cases that need a nil function are skipped.
type Source[T any] struct {
	// Finite makes a stream that delivers Want and completes.
	Finite func() rxsse.Observable[T]
	// Want are the items of Finite, in order.
	Want []T
	// Failing makes a stream that fails with err.
	Failing func(err error) rxsse.Observable[T]
	// Endless makes a stream that delivers at least three items and does not end
	// by itself.
	Endless func() rxsse.Observable[T]
	// Silent makes a stream that delivers nothing and does not end by itself.
	Silent func() rxsse.Observable[T]
	// Panicking makes a stream in which a user's function panics with v.
	Panicking func(v any) rxsse.Observable[T]
}

// Check runs every case that s permits as a subtest of t.
func (s Source[T]) Check(t *testing.T) {
	t.Helper()
	if s.Finite != nil {
		s.checkFinite(t)
	}
	if s.Failing != nil {
		bubble(t, "error", func(t *testing.T) {
			got := observe(t.Context(), t, s.Failing(errUpstream), nil)
			got.requireFailed(t, errUpstream)
		})
	}
	if s.Endless != nil {
		bubble(t, "break", func(t *testing.T) { requireLeft(t, s.Endless()) })
		bubble(t, "cancelled by the consumer", func(t *testing.T) { requireCancelledByConsumer(t, s.Endless()) })
		bubble(t, "endless, cancelled before", func(t *testing.T) { requireCancelledBefore(t, s.Endless()) })
		bubble(t, "panic in the consumer", func(t *testing.T) { requireConsumerPanic(t, s.Endless()) })
	}
	if s.Silent != nil {
		bubble(t, "cancelled while silent", func(t *testing.T) { requireCancelledLater(t, s.Silent()) })
		bubble(t, "silent, cancelled before", func(t *testing.T) { requireCancelledBefore(t, s.Silent()) })
	}
	if s.Panicking != nil {
		bubble(t, "panic in the user's function", func(t *testing.T) {
			observe(t.Context(), t, s.Panicking(panicValue), nil).requirePanic(t)
		})
	}
}

func (s Source[T]) checkFinite(t *testing.T) {
	t.Helper()
	bubble(t, "complete", func(t *testing.T) {
		got := observe(t.Context(), t, s.Finite(), nil)
		got.requireCompleted(t)
		got.requireItems(t, s.Want)
	})
	bubble(t, "subscribed to again", func(t *testing.T) {
		obs := s.Finite()
		first := observe(t.Context(), t, obs, nil)
		second := observe(t.Context(), t, obs, nil)
		first.requireItems(t, s.Want)
		second.requireItems(t, s.Want)
	})
	bubble(t, "two subscriptions at once", func(t *testing.T) {
		for _, got := range observeTwice(t, s.Finite()) {
			got.requireCompleted(t)
			got.requireItems(t, s.Want)
		}
	})
	bubble(t, "cancelled before", func(t *testing.T) {
		requireCancelledBefore(t, s.Finite())
	})
	if len(s.Want) > 0 {
		bubble(t, "cancelled at the last item", func(t *testing.T) {
			requireCancelledAtItem(t, s.Finite(), len(s.Want))
		})
	}
}
