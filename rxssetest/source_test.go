package rxssetest_test

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rxsse/rxsse/rxssetest"
)

// stream makes streams that run body for each subscription. The first has number 1.
func stream(body func(ctx context.Context, subscription int, yield func(int, error) bool)) func() ints {
	return func() ints {
		var subscriptions atomic.Int32
		return func(ctx context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				body(ctx, int(subscriptions.Add(1)), yield)
			}
		}
	}
}

// one delivers 1 and then looks at its context.
func one(ctx context.Context, yield func(int, error) bool) {
	if ctx.Err() == nil && !yield(1, nil) {
		return
	}
	if ctx.Err() != nil {
		yield(0, context.Cause(ctx))
	}
}

func silent(ctx context.Context, yield func(int, error) bool) {
	<-ctx.Done()
	yield(0, context.Cause(ctx))
}

func TestTheCheckerAcceptsSourcesThatKeepTheContract(t *testing.T) {
	finite := stream(func(ctx context.Context, _ int, yield func(int, error) bool) { one(ctx, yield) })
	for name, s := range map[string]rxssetest.Source[int]{
		"finite": {Finite: finite, Want: []int{1}},
		"empty": {Finite: stream(func(ctx context.Context, _ int, yield func(int, error) bool) {
			if ctx.Err() != nil {
				yield(0, context.Cause(ctx))
			}
		})},
		"failing": {Failing: func(err error) ints {
			return stream(func(_ context.Context, _ int, yield func(int, error) bool) { yield(0, err) })()
		}},
		"endless": {Endless: func() ints { return Numbers }},
		"silent":  {Silent: stream(func(ctx context.Context, _ int, yield func(int, error) bool) { silent(ctx, yield) })},
		"panicking": {Panicking: func(v any) ints {
			return stream(func(context.Context, int, func(int, error) bool) { panic(v) })()
		}},
	} {
		t.Run(name, s.Check)
	}
}

// finite checks a source that should deliver 1 and complete.
func finite(body func(ctx context.Context, subscription int, yield func(int, error) bool)) func(*testing.T) {
	return rxssetest.Source[int]{Finite: stream(body), Want: []int{1}}.Check
}

// faultySources break one rule each.
var faultySources = map[string]fault{
	"a source that completes although it is cancelled": {
		finite(func(ctx context.Context, _ int, yield func(int, error) bool) {
			if ctx.Err() != nil {
				yield(0, context.Cause(ctx))
				return
			}
			yield(1, nil)
		}), "the stream completed; want it to fail: rxssetest: the subscriber gave up", "cancelled at the last item",
	},
	"a source that does not look at its context first": {
		finite(func(ctx context.Context, _ int, yield func(int, error) bool) {
			if yield(1, nil) && ctx.Err() != nil {
				yield(0, context.Cause(ctx))
			}
		}), "items: 1; want 0", "cancelled before",
	},
	"a source that delivers another item": {
		finite(func(ctx context.Context, _ int, yield func(int, error) bool) {
			one(ctx, func(v int, err error) bool { return yield(2*v, err) })
		}), "the stream delivered [2]; want [1]", "complete, subscribed to again, two subscriptions at once",
	},
	"a source that fails": {
		finite(func(ctx context.Context, _ int, yield func(int, error) bool) {
			one(ctx, yield)
			if ctx.Err() == nil {
				yield(0, errors.New("oops"))
			}
		}), "the stream failed: oops; want it to complete", "complete, two subscriptions at once",
	},
	"a source that delivers nothing at first": {
		finite(func(ctx context.Context, subscription int, yield func(int, error) bool) {
			one(ctx, func(v int, err error) bool { return subscription == 1 && err == nil || yield(v, err) })
		}), "the stream delivered []; want [1]", "complete, subscribed to again, two subscriptions at once, cancelled at the last item",
	},
	"a source that delivers once": {
		finite(func(ctx context.Context, subscription int, yield func(int, error) bool) {
			one(ctx, func(v int, err error) bool { return subscription > 1 && err == nil || yield(v, err) })
		}), "the stream delivered []; want [1]", "subscribed to again, two subscriptions at once",
	},
	"a source that fails the second time": {
		finite(func(ctx context.Context, subscription int, yield func(int, error) bool) {
			one(ctx, yield)
			if subscription > 1 {
				yield(0, errors.New("taken"))
			}
		}), "the stream failed: taken; want it to complete", "two subscriptions at once",
	},
	"a source without a failure": {
		rxssetest.Source[int]{Failing: func(error) ints {
			return stream(func(context.Context, int, func(int, error) bool) {})()
		}}.Check, "the stream completed; want it to fail: rxssetest: the upstream failed", "error",
	},
	"a source that never looks at its context": {
		rxssetest.Source[int]{Endless: stream(func(_ context.Context, _ int, yield func(int, error) bool) {
			for yield(1, nil) {
			}
		})}.Check, "after the context was cancelled; the stream must end with the cause", "cancelled by the consumer, endless, cancelled before",
	},
	"an endless source that panics when it is left": {
		rxssetest.Source[int]{Endless: stream(func(ctx context.Context, _ int, yield func(int, error) bool) {
			Numbers(ctx)(func(v int, err error) bool {
				if !yield(v, err) {
					panic("oops")
				}
				return true
			})
		})}.Check, "the stream panicked: oops", "break",
	},
	"an endless source that swallows panics": {
		rxssetest.Source[int]{Endless: stream(func(ctx context.Context, _ int, yield func(int, error) bool) {
			defer func() { _ = recover() }()
			Numbers(ctx)(yield)
		})}.Check, "the consumer saw no panic", "panic in the consumer",
	},
	"a source that sleeps on": {
		rxssetest.Source[int]{Silent: stream(func(_ context.Context, _ int, yield func(int, error) bool) {
			for time.Sleep(20 * time.Hour); yield(1, nil); time.Sleep(20 * time.Hour) {
			}
		})}.Check, "was called 40h0m0s after the start of the stream", "cancelled while silent, silent, cancelled before",
	},
	"a silent source that waits a second before it starts": {
		rxssetest.Source[int]{Silent: stream(func(ctx context.Context, _ int, yield func(int, error) bool) {
			time.Sleep(time.Second)
			silent(ctx, yield)
		})}.Check, "the stream ended 1s after a start with a cancelled context; want it to end at once", "silent, cancelled before",
	},
	"a source that waits for ever": {
		rxssetest.Source[int]{Silent: stream(func(context.Context, int, func(int, error) bool) { select {} })}.Check,
		"these goroutines wait:", "cancelled while silent",
	},
	"a source that swallows the panic of a function": {
		rxssetest.Source[int]{Panicking: func(any) ints {
			return stream(func(context.Context, int, func(int, error) bool) {})()
		}}.Check, "the consumer saw no panic", "panic in the user's function",
	},
}
