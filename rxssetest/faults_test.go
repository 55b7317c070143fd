package rxssetest_test

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rxssetest"
)

// checkOf checks op as an operator that delivers 1, 2, 3 unchanged.
func checkOf(op sequence) func(t *testing.T) { return op.described().Check }

// oneBehind delivers each item of src when the next one arrives. It returns the last one, and
// whether src has completed.
func oneBehind(ctx context.Context, src ints, yield func(int, error) bool) (last int, completed bool) {
	first, completed := true, true
	src(ctx)(func(v int, err error) bool {
		switch {
		case err != nil:
			yield(0, err)
			completed = false
		case !first:
			completed = yield(last, nil)
		}
		first, last = false, v
		return completed
	})
	return last, completed
}

const (
	// ends are the cases in which a stream ends with an error.
	ends = "error, " + cancellations
	// cancellations are the cases in which a stream is cancelled.
	cancellations = "cancelled while the upstream is silent, cancelled by the consumer, cancelled while running, cancelled before, cancelled at the last item"
	// everything are the cases that do not panic, but for "cold".
	everything = "complete, two subscriptions at once, error, cancelled while the upstream is silent, break, cancelled by the consumer, cancelled while running, cancelled before, cancelled at the last item"
	// panics are the cases with a panic of others.
	panics = "panic in the consumer, panic upstream, panic upstream as it is left"
)

// faultyOperators break one rule each.
var faultyOperators = map[string]fault{
	"forgets the result of yield": {
		rxssetest.Operator[int, int]{Apply: Double, Items: []int{1, 2, 3}, Want: []int{2, 4, 6}}.Check,
		"yield(4, <nil>) was called after the end", "break",
	},
	"goes on after a break": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			src(ctx)(func(v int, err error) bool { yield(v, err); return err == nil })
		}), "yield(2, <nil>) was called after the end", "break",
	},
	"goes on after an error": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(ctx, src, func(v int, err error) bool {
				if err != nil {
					yield(v, err)
					return yield(v, nil)
				}
				return yield(v, nil)
			})
		}), "yield(0, <nil>) was called after the end", ends,
	},
	"delivers a value with the error": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			src(ctx)(func(v int, err error) bool {
				if err != nil {
					v = 7
				}
				return yield(v, err) && err == nil
			})
		}), "the value beside an error must be the zero value", ends,
	},
	"swallows errors": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			src(ctx)(func(v int, err error) bool { return err == nil && yield(v, nil) })
		}), "the stream completed; want it to fail: rxssetest: the upstream failed", ends,
	},
	"fails instead of completing": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			goOn := true
			src(ctx)(func(v int, err error) bool {
				goOn = yield(v, err) && err == nil
				return goOn
			})
			if goOn {
				yield(0, errors.New("no more"))
			}
		}), "the stream failed: no more; want it to complete", "complete, two subscriptions at once, cancelled at the last item",
	},
	"does not look at its context after the last item": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			if last, completed := oneBehind(ctx, src, yield); completed {
				yield(last, nil)
			}
		}), "the subscriber gave up", "cancelled at the last item",
	},
	"reads ahead, and completes though it is cancelled before the last item is taken": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			type result struct {
				v   int
				err error
			}
			ctx, cancel := context.WithCancel(ctx)
			ahead := make(chan result, 10)
			go func() {
				defer close(ahead)
				src(ctx)(func(v int, err error) bool {
					ahead <- result{v, err}
					select {
					case <-ctx.Done():
					case <-time.After(time.Microsecond): // src completes later
					}
					return err == nil
				})
			}()
			for r := range ahead {
				if !yield(r.v, r.err) || r.err != nil {
					break
				}
			}
			cancel()
			for range ahead {
			}
		}), "the stream completed; want it to fail: rxssetest: the subscriber gave up", "cancelled at the last item",
	},
	"delivers an item before an error": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(ctx, src, func(v int, err error) bool { return (err == nil || yield(0, nil)) && yield(v, err) })
		}), "items: 2; want 1", "cancelled by the consumer, cancelled before, cancelled at the last item",
	},
	"starts with an item even if it is cancelled": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			if ctx.Err() == nil || yield(0, nil) {
				identity(ctx, src, yield)
			}
		}), "items: 1; want 0", "cancelled before",
	},
	"hides the cause of a cancellation": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(ctx, src, func(v int, err error) bool {
				if errors.Is(err, context.Cause(ctx)) {
					err = ctx.Err()
				}
				return yield(v, err)
			})
		}), "the stream failed: context canceled; want rxssetest: the subscriber gave up", cancellations,
	},
	"yields from another goroutine": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() { _ = recover() }()
				identity(ctx, src, yield)
			}()
			<-done
		}), "the consumer ranges on", everything,
	},
	"leaves a goroutine behind": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			go time.Sleep(time.Second)
			identity(ctx, src, yield)
		}), "goroutine left behind", "complete", // which ends the process
	},
	"leaves its upstream running": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			next, _ := iter.Pull2(src(ctx))
			for {
				v, err, ok := next()
				if !ok || !yield(v, err) || err != nil {
					return
				}
			}
		}), "upstreams still running: 1; want 0", "error", // a goroutine that is left blocked ends the process
	},
	"leaves its upstream running if cancelled before": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			if ctx.Err() == nil {
				identity(ctx, src, yield)
				return
			}
			released := make(chan struct{})
			time.AfterFunc(time.Minute, func() { close(released) })
			started := make(chan struct{})
			go src(ctx)(func(int, error) bool { close(started); <-released; return false })
			<-started
			yield(0, context.Cause(ctx))
		}), "upstreams still running: 1; want 0", "cancelled before",
	},
	"subscribes twice": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			for range src(ctx) {
				break
			}
			identity(ctx, src, yield)
		}), "subscriptions to the upstream: 2; want 1",
		"complete, two subscriptions at once, error, cancelled while the upstream is silent, break, cancelled by the consumer, cancelled while running",
	},
	"subscribes when it is built": {
		rxssetest.Operator[int, int]{Items: []int{1, 2, 3}, Apply: func(src ints) ints {
			for range src(context.Background()) {
				break
			}
			return src
		}}.Check, "subscriptions before the range: 1; want 0",
		"cold, complete, two subscriptions at once, error, cancelled while the upstream is silent, break, cancelled by the consumer, cancelled while running",
	},
	"delivers nothing to a second subscription": {
		rxssetest.Operator[int, int]{Items: []int{1, 2, 3}, Apply: func(src ints) ints {
			var taken atomic.Bool
			return sequence(func(ctx context.Context, src ints, yield func(int, error) bool) {
				silent := taken.Swap(true)
				src(ctx)(func(v int, err error) bool { return (silent && err == nil) || yield(v, err) && err == nil })
			}).apply(src)
		}}.Check, "items of the second subscription", "two subscriptions at once",
	},
	"fails the second subscription": {
		rxssetest.Operator[int, int]{Items: []int{1, 2, 3}, Apply: func(src ints) ints {
			var taken atomic.Bool
			return sequence(func(ctx context.Context, src ints, yield func(int, error) bool) {
				fail := taken.Swap(true)
				identity(ctx, src, yield)
				if fail {
					yield(0, errors.New("taken"))
				}
			}).apply(src)
		}}.Check, "the stream failed: taken; want it to complete", "two subscriptions at once",
	},
	"takes its time to be cancelled": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(ctx, src, func(v int, err error) bool {
				if err != nil {
					time.Sleep(time.Millisecond)
				}
				return yield(v, err)
			})
		}), "the stream ended 1ms after its context was cancelled; want it to end at once",
		"cancelled while the upstream is silent, cancelled by the consumer, cancelled while running, cancelled before",
	},
	"takes its time to leave": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(ctx, src, func(v int, err error) bool {
				goOn := yield(v, err)
				if !goOn {
					time.Sleep(time.Millisecond)
				}
				return goOn
			})
		}), "the stream ended 1ms after the consumer had left it; want it to end at once", "break",
	},
	"reads on after a break": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			left := false
			identity(ctx, src, func(v int, err error) bool {
				left = left || !yield(v, err)
				return true
			})
		}), "the upstream was still read after 24h", "break",
	},
	"reads its upstream to the end first": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			var all []int
			identity(ctx, src, func(v int, err error) bool {
				all = append(all, v)
				return err == nil || yield(0, err)
			})
			for _, v := range all {
				yield(v, nil)
			}
		}), "the upstream was still read after 24h",
		"error, cancelled while the upstream is silent, break, cancelled by the consumer, cancelled while running, cancelled before, cancelled at the last item",
	},
	"hides the cancellation from its upstream": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(context.WithoutCancel(ctx), src, yield)
		}), "the context of the upstream was not cancelled", cancellations,
	},
	"waits for ever": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(ctx, src, yield)
			select {}
		}), "these goroutines wait:", "complete", // which ends the process
	},
	"loses the last item": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			if _, completed := oneBehind(ctx, src, yield); completed && ctx.Err() != nil {
				yield(0, context.Cause(ctx))
			}
		}), "the stream delivered [1 2]; want [1 2 3]", "complete",
	},
	"leaves a goroutine behind among many others": {
		func(t *testing.T) {
			for range 1000 {
				go func() { select {} }()
			}
			checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
				go func() { select {} }()
				identity(ctx, src, yield)
			})(t)
		}, "goroutine left behind", "complete", // which ends the process
	},
	"lets a panic end the process": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				identity(ctx, src, yield)
			}()
			<-done
		}), "the consumer ranges on", everything,
	},
}

// faultyWithPanics keep the contract as long as nobody panics.
var faultyWithPanics = map[string]fault{
	"swallows panics": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			defer func() { _ = recover() }()
			identity(ctx, src, yield)
		}), "the consumer saw no panic", panics,
	},
	"replaces panics": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			defer func() {
				if recover() != nil {
					panic("oops")
				}
			}()
			identity(ctx, src, yield)
		}), "the consumer saw a panic with oops; want", panics,
	},
	"replaces panics in a PanicError": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			defer func() {
				if recover() != nil {
					panic(&rxsse.PanicError{Value: "oops", Stack: []byte("panic")})
				}
			}()
			identity(ctx, src, yield)
		}), "the consumer saw a panic with oops; want", panics,
	},
	"loses the stack of a panic": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			defer func() {
				if v := recover(); v != nil {
					panic(&rxsse.PanicError{Value: v})
				}
			}()
			identity(ctx, src, yield)
		}), "the rxsse.PanicError does not have the stack of the panic", panics,
	},
	"swallows a panic as it is left": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			left := false
			defer func() {
				if r := recover(); r != nil && !left {
					panic(r)
				}
			}()
			identity(ctx, src, func(v int, err error) bool {
				left = !yield(v, err)
				return !left
			})
		}), "the consumer saw no panic", "panic upstream as it is left",
	},
	"panics when it completes": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			completed := true
			identity(ctx, src, func(v int, err error) bool {
				completed = yield(v, err) && err == nil
				return completed
			})
			if completed {
				panic("oops")
			}
		}), "the stream panicked: oops", "complete, two subscriptions at once, cancelled at the last item",
	},
	"panics when it has failed": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(ctx, src, func(v int, err error) bool {
				if err != nil {
					yield(v, err)
					panic("oops")
				}
				return yield(v, err)
			})
		}), "the stream panicked: oops", ends,
	},
	"panics when it is left": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			identity(ctx, src, func(v int, err error) bool {
				if !yield(v, err) {
					panic("oops")
				}
				return true
			})
		}), "the stream panicked: oops", "break",
	},
	"subscribes again after a panic": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			defer func() {
				if v := recover(); v != nil {
					for range src(ctx) {
						break
					}
					panic(v)
				}
			}()
			identity(ctx, src, yield)
		}), "subscriptions to the upstream: 2; want 1", panics,
	},
	"goes on after a panic in the consumer": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			defer func() {
				if v := recover(); v != nil {
					yield(0, nil)
					panic(v)
				}
			}()
			identity(ctx, src, yield)
		}), "yield(0, <nil>) was called after the end", "panic in the consumer, panic upstream as it is left",
	},
	"leaves its upstream running when it is left with a panic": {
		checkOf(func(ctx context.Context, src ints, yield func(int, error) bool) {
			next, stop := iter.Pull2(src(ctx))
			for {
				v, err, ok := next()
				if !ok || !yield(v, err) || err != nil {
					stop()
					return
				}
			}
		}), "upstreams still running: 1; want 0", "panic in the consumer",
	},
	"lets a panic of its function leave the upstream running": {
		rxssetest.Operator[int, int]{
			Apply: sequence(identity).apply, Items: []int{1, 2, 3},
			Panicking: func(src ints, v any) ints {
				return sequence(func(ctx context.Context, src ints, _ func(int, error) bool) {
					next, _ := iter.Pull2(src(ctx))
					_, _, _ = next()
					panic(v)
				}).apply(src)
			},
		}.Check, "upstreams still running: 1; want 0", "panic in the user's function",
	},
	"swallows a panic of its function": {
		rxssetest.Operator[int, int]{
			Apply: sequence(identity).apply, Items: []int{1, 2, 3},
			Panicking: func(src ints, _ any) ints {
				return sequence(func(ctx context.Context, src ints, yield func(int, error) bool) {
					identity(ctx, src, func(int, error) bool { return yield(0, errors.New("oops")) && false })
				}).apply(src)
			},
		}.Check, "the consumer saw no panic", "panic in the user's function",
	},
}

// misdescribed operators keep the contract, but not what their description says.
var misdescribed = map[string]fault{
	"two items": {
		rxssetest.Operator[int, int]{Apply: sequence(identity).apply, Items: []int{1, 2}}.Check,
		"_test.go:", "", // the line that calls Check
	},
	"one item": {
		rxssetest.Operator[int, int]{Apply: sequence(identity).apply, Items: []int{1}}.Check,
		"rxssetest: Operator.Items has 1 items, want at least three", "",
	},
	"ends early, and takes its time to leave": {
		rxssetest.Operator[int, int]{
			Apply: sequence(func(ctx context.Context, src ints, yield func(int, error) bool) {
				takeTwo(ctx, src, func(v int, err error) bool {
					goOn := yield(v, err)
					if !goOn {
						time.Sleep(time.Millisecond)
					}
					return goOn
				})
			}).apply,
			Items: []int{1, 2, 3}, EndsEarly: true,
		}.Check, "the stream ended 1ms after the consumer had left it; want it to end at once", "break",
	},
	"at the end, but not if it was cancelled there": {
		rxssetest.Operator[int, int]{
			Apply: sequence(func(ctx context.Context, src ints, yield func(int, error) bool) {
				sum(ctx, src, func(v int, err error) bool { return yield(v, err) && ctx.Err() == nil })
			}).apply,
			Items: []int{1, 2, 3}, AtEnd: true,
		}.Check, "the stream completed; want it to fail: rxssetest: the subscriber gave up",
		"cancelled by the consumer, cancelled at the last item",
	},
	"does not share": {
		rxssetest.Operator[int, int]{Apply: sequence(identity).apply, Items: []int{1, 2, 3}, Shares: true}.Check,
		"subscriptions to the upstream: 2; want 1", "two subscriptions at once",
	},
	"ends early": {
		rxssetest.Operator[int, int]{Apply: sequence(takeTwo).apply, Items: []int{1, 2, 3}}.Check,
		"the stream completed; want it to fail: rxssetest: the upstream failed",
		"error, cancelled while the upstream is silent, cancelled while running",
	},
	"at the end": {
		rxssetest.Operator[int, int]{Apply: sequence(sum).apply, Items: []int{1, 2, 3}}.Check,
		"the upstream was still read after 24h", "break, cancelled by the consumer",
	},
	"handles errors": {
		rxssetest.Operator[int, int]{Apply: sequence(orZero).apply, Items: []int{1, 2, 3}}.Check,
		"the stream completed; want it to fail: rxssetest: the upstream failed", "error",
	},
}
