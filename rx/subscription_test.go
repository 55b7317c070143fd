package rx_test

import (
	"context"
	"iter"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reactivex/rxgo/v2"
	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rx"
)

// TestBuildPanicsAfterTheContextHasEnded: the range has not returned yet, so it raises the
// panic.
func TestBuildPanicsAfterTheContextHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := rx.FromFunc[int](func(rxgo.Option) rxgo.Observable {
			wait(t.Context(), 2*tick)
			panic(errBoom)
		})
		ctx, cancel := context.WithTimeout(t.Context(), tick)
		defer cancel()
		defer func() {
			if p, ok := recover().(*rxsse.PanicError); assert.True(t, ok, "the range raises the panic") {
				assert.Equal(t, errBoom, p.Value)
			}
		}()
		_, _ = collect(ctx, o)
	})
}

// TestLeavingAChainWithSourcesOfRxGo: these do not end with the range's context. The
// chain's context is cancelled once the sources of this package below it have had time to
// end, so that leaving takes no longer than they do.
func TestLeavingAChainWithSourcesOfRxGo(t *testing.T) {
	for name, c := range map[string]struct {
		closing time.Duration // how long the source of this package takes to end
		want    time.Duration
	}{
		"the source ends at once": {0, 20 * time.Millisecond}, // for operators to pass the end on
		// Until 75 ms the chain may complete by itself, from its sources down.
		"the source ends in time":  {70 * time.Millisecond, 75 * time.Millisecond},
		"the source ends slowly":   {85 * time.Millisecond, 85 * time.Millisecond},
		"the source ends too late": {time.Second, drainTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := rxsse.Observable[int](func(ctx context.Context) iter.Seq2[int, error] {
					return func(yield func(int, error) bool) {
						endless()(ctx)(yield)
						time.Sleep(c.closing)
					}
				})
				o := rx.FromFunc[any](func(opt rxgo.Option) rxgo.Observable {
					return rxgo.Merge([]rxgo.Observable{rx.ToRxGo(t.Context(), src, opt), rxgo.Interval(ticks(1.3), opt)}, opt)
				})
				var left time.Time
				for range o(t.Context()) {
					left = time.Now()
					break
				}
				assert.Equal(t, c.want, time.Since(left))
				time.Sleep(c.closing)
			})
		})
	}
}

// TestContextOfASourceEndsWithTheSource, so that work that a source has started with its
// context ends too, although the contexts of RxGo and of the owner do not.
func TestContextOfASourceEndsWithTheSource(t *testing.T) {
	var ctx context.Context
	items := rx.ToRxGo(t.Context(), func(c context.Context) iter.Seq2[int, error] {
		ctx = c //nolint:fatcontext // it is only looked at
		return script{values: []int{1}}.typed()(c)
	}).Observe()
	assert.Equal(t, []string{"int 1", "completed"}, read(t.Context(), items))
	assert.ErrorIs(t, ctx.Err(), context.Canceled)
}

// TestDropIsRefusedEachTime: whether options hold Drop shows only in how an event source of
// RxGo behaves, which must not depend on the scheduler.
func TestDropIsRefusedEachTime(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // the source then runs as late as possible
	for range 500 {
		assert.Panics(t, func() { rx.ToRxGo(t.Context(), endless(), rxgo.WithBackPressureStrategy(rxgo.Drop)) })
		assert.NotPanics(t, func() { rx.ToRxGo(t.Context(), endless(), rxgo.WithBackPressureStrategy(rxgo.Block)) })
	}
}

// endlessIterable is an observable of RxGo whose Observe takes a while, and whose channel
// never closes.
type endlessIterable struct {
	rxgo.Observable

	delay time.Duration
}

func (e endlessIterable) Observe(...rxgo.Option) <-chan rxgo.Item {
	time.Sleep(e.delay)
	return make(chan rxgo.Item)
}

// TestLeavingBeforeObserveReturns: the range waits for a limited time, and the goroutine in
// which Observe runs ends, too, though the channel never closes.
func TestLeavingBeforeObserveReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := rx.FromFunc[int](func(rxgo.Option) rxgo.Observable { return endlessIterable{delay: 2 * drainTimeout} })
		ctx, cancel := context.WithTimeout(t.Context(), tick)
		defer cancel()
		start := time.Now()
		_, err := collect(ctx, o)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, tick+drainTimeout, time.Since(start))
		time.Sleep(2 * drainTimeout) // the bubble reports a goroutine that waits forever
	})
}

// TestChainOfALateBuildIsDrained, so that its senders end although the range has returned.
func TestChainOfALateBuildIsDrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := rx.FromFunc[int](func(rxgo.Option) rxgo.Iterable {
			time.Sleep(2 * drainTimeout)
			items := make(chan rxgo.Item)
			go func() { // the bubble reports it if it waits forever
				defer close(items)
				for i := range 3 {
					items <- rxgo.Of(i)
				}
			}()
			return iterable(items)
		})
		ctx, cancel := context.WithTimeout(t.Context(), tick)
		defer cancel()
		_, err := collect(ctx, o)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		time.Sleep(2 * drainTimeout)
	})
}

// TestSourceIsStoppedWhileTheConsumerIsBusy, with the cause of the end, not only once the
// consumer asks for another item.
func TestSourceIsStoppedWhileTheConsumerIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, under, ended := watched(endless())
		o := rx.FromFunc[int](func(opt rxgo.Option) rxgo.Observable { return rx.ToRxGo(t.Context(), src, opt).Map(double, opt) })
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		for range o(ctx) {
			cancel(errOwner)
			synctest.Wait()
			if assert.True(t, isClosed(ended), "the source") {
				assert.Equal(t, errOwner, context.Cause(under()))
			}
			break
		}
	})
}

// TestBuildThatWaitsForItsContext holds nothing up.
func TestBuildThatWaitsForItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bound, end := context.WithCancelCause(t.Context())
		items := rx.Scope(bound, func(ctx context.Context, _ rxgo.Option) rxgo.Observable {
			<-ctx.Done()
			return rxgo.Empty()
		}).Observe()
		synctest.Wait()
		start := time.Now()
		end(errOwner)
		assert.Equal(t, []string{"error: the owner has closed", "completed"}, read(t.Context(), items))
		assert.Zero(t, time.Since(start))
	})
}

// TestPanicInBuildIsRaisedAtOnce: there is no chain to wait for.
func TestPanicInBuildIsRaisedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		assert.Panics(t, func() {
			_, _ = collect(t.Context(), rx.FromFunc[int](func(rxgo.Option) rxgo.Observable { panic(errBoom) }))
		})
		assert.Zero(t, time.Since(start))
	})
}

// An endingContext has ended before its channel is closed, which happens briefly in every
// context.
type endingContext struct {
	context.Context

	ended chan struct{}
}

func (c endingContext) Err() error {
	if isClosed(c.ended) {
		return errOwner
	}
	return nil
}

// TestChannelThatClosesAsTheContextEnds: RxGo closes its channels when a context ends, so
// that is no completion.
func TestChannelThatClosesAsTheContextEnds(t *testing.T) {
	whileTheContextEnds(t, func(chan<- rxgo.Item) {}, func(t *testing.T, ctx context.Context, o rxsse.Observable[int]) {
		t.Helper()
		_, err := collect(ctx, o)
		assert.Equal(t, errOwner, err)
	})
}

// TestPanicAsTheContextEnds: the range raises it and yields no error before.
func TestPanicAsTheContextEnds(t *testing.T) {
	panics := func(items chan<- rxgo.Item) { items <- rxgo.Error(&rxsse.PanicError{Value: errBoom}) }
	whileTheContextEnds(t, panics, func(t *testing.T, ctx context.Context, o rxsse.Observable[int]) {
		t.Helper()
		assert.Panics(t, func() {
			for v, err := range o(ctx) {
				t.Error("yielded", v, err)
			}
		})
	})
}

// whileTheContextEnds ranges over a chain that sends and closes its channel while the context
// of the range ends.
func whileTheContextEnds(t *testing.T, send func(chan<- rxgo.Item), observe func(*testing.T, context.Context, rxsse.Observable[int])) {
	t.Helper()
	for name, lift := range map[string]func(rxgo.Iterable) rxsse.Observable[int]{
		"From":    func(it rxgo.Iterable) rxsse.Observable[int] { return rx.From[int](it) },
		"FromHot": func(it rxgo.Iterable) rxsse.Observable[int] { return rx.FromHot[int](it) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := endingContext{t.Context(), make(chan struct{})}
				items := make(chan rxgo.Item)
				go func() {
					synctest.Wait() // until the range waits for an item
					close(ctx.ended)
					send(items)
					close(items)
				}()
				observe(t, ctx, lift(iterable(items)))
			})
		})
	}
}

// TestErrorIsTheLast: a context that ends while the consumer handles the error adds no
// other error.
func TestErrorIsTheLast(t *testing.T) {
	fails := script{err: errBoom}.typed()
	bus := rx.ToRxGo(t.Context(), fails, rxgo.WithPublishStrategy())
	hot := rx.FromHot[int](bus)
	bus.Connect(t.Context())
	for name, o := range map[string]rxsse.Observable[int]{
		"FromFunc": rx.FromFunc[int](func(opt rxgo.Option) rxgo.Observable { return rx.ToRxGo(t.Context(), fails, opt) }),
		"FromHot":  hot,
		"type":     rx.FromFunc[int](func(opt rxgo.Option) rxgo.Observable { return rxgo.Just("x")(opt) }),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var errs []error
			for _, err := range o(ctx) {
				errs = append(errs, err)
				cancel()
			}
			assert.Len(t, errs, 1)
			assert.NotErrorIs(t, errs[0], context.Canceled)
		})
	}
}
