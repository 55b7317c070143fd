package rx_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reactivex/rxgo/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rx"
	"github.com/rxsse/rxsse/rxssetest"
)

// hotKinds are the two kinds of hot observable that RxGo has. connect begins the flow
// of the first; the second flows from the beginning.
var hotKinds = map[string]func(ctx context.Context, items <-chan rxgo.Item) (bus rxgo.Observable, connect func()){
	"published": func(ctx context.Context, items <-chan rxgo.Item) (rxgo.Observable, func()) {
		bus := rxgo.FromChannel(items, rxgo.WithPublishStrategy())
		return bus, func() { bus.Connect(ctx) }
	},
	"event source": func(ctx context.Context, items <-chan rxgo.Item) (rxgo.Observable, func()) {
		return rxgo.FromEventSource(items, rxgo.WithContext(ctx)), func() {}
	},
}

// TestFromHotMissesNothing: it observes before it returns, so Connect can follow.
func TestFromHotMissesNothing(t *testing.T) {
	for range 100 {
		bus := rx.ToRxGo(t.Context(), script{values: []int{1, 2, 3}}.typed(), rxgo.WithPublishStrategy())
		o := rx.FromHot[int](bus)
		bus.Connect(t.Context())
		values, err := collect(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, []int{1, 2, 3}, values)
	}
}

// TestLeavingAHotObservable: the other observer continues, however the range ends, and when
// the hot observable closes, no goroutine is left.
func TestLeavingAHotObservable(t *testing.T) {
	ends := map[string]func(ctx context.Context, o rxsse.Observable[int]){
		"break": func(ctx context.Context, o rxsse.Observable[int]) {
			for range o(ctx) {
				break
			}
		},
		"the context ends": func(ctx context.Context, o rxsse.Observable[int]) {
			ctx, cancel := context.WithTimeout(ctx, 3*tick)
			defer cancel()
			collect(ctx, o) //nolint:errcheck // it is the cause
		},
		"panic": func(ctx context.Context, o rxsse.Observable[int]) {
			defer func() { _ = recover() }()
			for range o(ctx) {
				panic("in the loop body")
			}
		},
	}
	for kind, hot := range hotKinds {
		for end, leave := range ends {
			t.Run(kind+"/"+end, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					bus, connect := hot(ctx, rx.ToRxGo(ctx, endless()).Observe())
					var seen atomic.Int32
					done := bus.DoOnNext(func(any) { seen.Add(1) })
					o := rx.FromHot[int](bus)
					connect()
					leave(t.Context(), o)
					synctest.Wait()
					before := seen.Load()
					time.Sleep(100 * tick)
					synctest.Wait()
					assert.InDelta(t, 100, seen.Load()-before, 2, "items of the other observer")
					cancel()
					<-done
					time.Sleep(2 * drainTimeout) // the source sends the cause to a bus that has gone
				})
			})
		}
	}
}

// TestFromHotErrorsLeaveTheBusRunning: an error item and one of another type end the
// range and not the bus.
func TestFromHotErrorsLeaveTheBusRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items := make(chan rxgo.Item)
		bus := rxgo.FromEventSource(items)
		numbers, words := rx.FromHot[int](bus), rx.FromHot[string](bus)
		failing := rx.FromHot[any](bus)
		var all []any
		done := bus.ForEach(func(v any) { all = append(all, v) }, func(err error) { all = append(all, err) }, func() {})
		go func() {
			for _, item := range []rxgo.Item{rxgo.Of(1), rxgo.Error(errBoom), rxgo.Of(2)} {
				items <- item
			}
			close(items)
		}()
		ends := make(chan error)
		for _, o := range []rxsse.Observable[any]{boxed(numbers), boxed(words), failing} {
			go func() {
				_, err := collect(t.Context(), o)
				ends <- err
			}()
		}
		got := []error{<-ends, <-ends, <-ends}
		assert.Contains(t, got, errBoom)
		assert.ErrorAs(t, fmt.Errorf("%w %w %w", got[0], got[1], got[2]), new(*rx.TypeError))
		<-done
		assert.Equal(t, []any{1, errBoom, 2}, all)
	})
}

func boxed[T any](o rxsse.Observable[T]) rxsse.Observable[any] {
	return func(ctx context.Context) iter.Seq2[any, error] {
		return func(yield func(any, error) bool) {
			for v, err := range o(ctx) {
				if err != nil {
					yield(nil, err)
					return
				}
				if !yield(v, nil) {
					return
				}
			}
		}
	}
}

func TestFromHotIsRangedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		bus := rxgo.FromEventSource(rx.ToRxGo(ctx, endless()).Observe())
		o := rx.FromHot[int](bus)

		first := 0
		for v := range o(t.Context()) {
			first = v
			break
		}
		assert.Equal(t, 1, first)
		time.Sleep(10*tick + tick/2)
		for v := range o(t.Context()) {
			first = v
			break
		}
		assert.Equal(t, 12, first, "a later range misses the earlier items")
	})
}

// TestARangeThatDoesNotBeginDrainsToo: it may be the only one.
func TestARangeThatDoesNotBeginDrainsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := rxgo.FromEventSource(rx.ToRxGo(t.Context(), script{values: []int{1, 2, 3}, pace: tick}.typed()).Observe())
		seen := 0
		done := bus.DoOnNext(func(any) { seen++ })
		o := rx.FromHot[int](bus)
		ended, end := context.WithCancelCause(t.Context())
		end(errOwner)
		values, err := collect(ended, o)
		assert.Empty(t, values)
		assert.Equal(t, errOwner, err)
		<-done
		assert.Equal(t, 3, seen)
	})
}

// TestFromHotContract: a hot observable with a new source for each case.
func TestFromHotContract(t *testing.T) {
	source := func(s script) rxsse.Observable[int] {
		turn := make(chan struct{}, 1) // one goroutine at a time may call synctest.Wait
		return func(ctx context.Context) iter.Seq2[int, error] {
			// The bus ends with the range, since the checker wants nothing left behind.
			return func(yield func(int, error) bool) {
				bound, end := context.WithCancel(context.WithoutCancel(ctx))
				defer func() {
					end()
					turn <- struct{}{}
					synctest.Wait()
					<-turn
				}()
				bus := rx.ToRxGo(bound, s.typed(), rxgo.WithPublishStrategy())
				o := rx.FromHot[int](bus)
				bus.Connect(bound)
				o(ctx)(yield)
			}
		}
	}
	rxssetest.Source[int]{
		Finite:  func() rxsse.Observable[int] { return source(script{values: []int{1, 2, 3}}) },
		Want:    []int{1, 2, 3},
		Failing: func(err error) rxsse.Observable[int] { return source(script{values: []int{1}, err: err}) },
		Endless: func() rxsse.Observable[int] { return source(script{values: make([]int, 1000)}) },
		Silent:  func() rxsse.Observable[int] { return source(script{values: []int{0}, pace: 100 * time.Hour}) },
	}.Check(t)
}

// frozen is a bus whose first observer has left: RxGo waits for it forever, holding the
// lock that Observe needs. thaw resumes reading.
func frozen(t *testing.T) (bus rxgo.Observable, thaw func()) {
	t.Helper()
	items := make(chan rxgo.Item)
	bus = rxgo.FromChannel(items, rxgo.WithPublishStrategy())
	gone := bus.Observe()
	bus.Connect(t.Context())
	items <- rxgo.Of(1)
	wait(t.Context(), 5*tick)
	return bus, func() {
		close(items)
		for range gone {
		}
	}
}

// A slowIterable takes a while to observe.
type slowIterable time.Duration

func (d slowIterable) Observe(...rxgo.Option) <-chan rxgo.Item {
	time.Sleep(time.Duration(d))
	items := make(chan rxgo.Item)
	close(items)
	return items
}

// TestFromHotWaitsForObserve, so that a Connect that follows misses nothing, but not forever.
func TestFromHotWaitsForObserve(t *testing.T) {
	for observe, want := range map[time.Duration]time.Duration{
		50 * time.Millisecond: 50 * time.Millisecond,
		time.Second:           100 * time.Millisecond,
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			o := rx.FromHot[int](slowIterable(observe))
			assert.Equal(t, want, time.Since(start), "Observe takes %v", observe)
			got, err := collect(t.Context(), o)
			assert.NoError(t, err)
			assert.Empty(t, got)
			assert.Equal(t, observe, time.Since(start), "the range waits for the rest")
		})
	}
}

// TestRangesEndAlthoughObserveBlocks runs in real time: a goroutine that waits for a
// lock keeps the clock of a bubble from moving.
func TestRangesEndAlthoughObserveBlocks(t *testing.T) {
	ranges := map[string]func(ctx context.Context, bus rxgo.Observable) error{
		"From": func(ctx context.Context, bus rxgo.Observable) error {
			_, err := collect(ctx, rx.From[int](bus))
			return err
		},
		"FromFunc, in build": func(ctx context.Context, bus rxgo.Observable) error {
			_, err := collect(ctx, rx.FromFunc[int](func(opt rxgo.Option) rxgo.Observable {
				return rxgo.FromChannel(bus.Observe(opt))
			}))
			return err
		},
		"FromHot": func(ctx context.Context, bus rxgo.Observable) error {
			_, err := collect(ctx, rx.FromHot[int](bus))
			return err
		},
		"Scope": func(ctx context.Context, bus rxgo.Observable) error {
			o := rx.Scope(ctx, func(context.Context, rxgo.Option) rxgo.Observable { return bus })
			return (<-o.Observe()).E
		},
	}
	for name, collect := range ranges {
		t.Run(name, func(t *testing.T) {
			bus, thaw := frozen(t)
			ctx, cancel := context.WithTimeoutCause(t.Context(), 20*tick, errOwner)
			defer cancel()
			start := time.Now()
			assert.Equal(t, errOwner, collect(ctx, bus))
			assert.Less(t, time.Since(start), 3*time.Second)
			thaw() // the goroutine in Observe ends with that: TestMain looks
		})
	}
}

// TestPanicsOfBuildAndObserveAreCarried, although both run on another goroutine.
func TestPanicsOfBuildAndObserveAreCarried(t *testing.T) {
	tests := map[string]func() rxsse.Observable[int]{
		"build": func() rxsse.Observable[int] {
			return rx.FromFunc[int](func(rxgo.Option) rxgo.Observable { panic(errBoom) })
		},
		"Observe": func() rxsse.Observable[int] { return rx.From[int](panickingIterable{}) },
	}
	for name, build := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				p, ok := recover().(*rxsse.PanicError)
				require.True(t, ok)
				assert.Equal(t, errBoom, p.Value)
				assert.Contains(t, string(p.Stack), "fromhot_test.go")
			}()
			collect(t.Context(), build()) //nolint:errcheck // it panics
			t.Error("the range returned")
		})
	}
	t.Run("FromHot", func(t *testing.T) {
		o := rx.FromHot[int](panickingIterable{})
		assert.PanicsWithError(t, "panic: boom", func() {
			defer func() {
				p, _ := recover().(*rxsse.PanicError)
				panic(fmt.Errorf("panic: %v", p.Value))
			}()
			collect(t.Context(), o) //nolint:errcheck // it panics
		})
	})
}

type panickingIterable struct{}

func (panickingIterable) Observe(...rxgo.Option) <-chan rxgo.Item { panic(errBoom) }

// TestGoexitInBuild: t.FailNow in build ends the goroutine that ranges.
func TestGoexitInBuild(t *testing.T) {
	exited := make(chan bool)
	go func() {
		returned := false
		defer func() { exited <- !returned }()
		collect(t.Context(), rx.FromFunc[int](func(rxgo.Option) rxgo.Observable { //nolint:errcheck // it never returns
			runtime.Goexit()
			return nil
		}))
		returned = true
	}()
	assert.True(t, <-exited)
}

// TestTheCallersChannelKeepsItsItems: another reader may want them.
func TestTheCallersChannelKeepsItsItems(t *testing.T) {
	ranges := map[string]func(items <-chan rxgo.Item) rxsse.Observable[int]{
		"From": func(items <-chan rxgo.Item) rxsse.Observable[int] { return rx.From[int](rxgo.FromChannel(items)) },
		"FromFunc": func(items <-chan rxgo.Item) rxsse.Observable[int] {
			return rx.FromFunc[int](func(opt rxgo.Option) rxgo.Observable { return rxgo.FromChannel(items, opt) })
		},
	}
	for name, lift := range ranges {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				items := make(chan rxgo.Item, 5)
				for i := range 5 {
					items <- rxgo.Of(i)
				}
				start := time.Now()
				for range lift(items)(t.Context()) {
					break
				}
				assert.Len(t, items, 4)
				assert.Zero(t, time.Since(start), "there is nothing to wait for")
				close(items)
				values, err := collect(t.Context(), lift(items))
				require.NoError(t, err)
				assert.Equal(t, []int{1, 2, 3, 4}, values)
			})
		})
	}
}

// TestTheCallersChannelKeepsItsItemsWhenBuildIsLate: nothing reads them after the range.
func TestTheCallersChannelKeepsItsItemsWhenBuildIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items := make(chan rxgo.Item, 5)
		for i := range cap(items) {
			items <- rxgo.Of(i)
		}
		o := rx.FromFunc[int](func(rxgo.Option) rxgo.Observable {
			time.Sleep(2 * drainTimeout)
			return rxgo.FromChannel(items)
		})
		ctx, cancel := context.WithTimeout(t.Context(), tick)
		defer cancel()
		_, err := collect(ctx, o)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		time.Sleep(2 * drainTimeout)
		assert.Len(t, items, 5)
	})
}

func ExampleFromHot() {
	ctx := context.Background()
	events := make(chan rxgo.Item)
	bus := rxgo.FromChannel(events, rxgo.WithPublishStrategy())

	sum := 0
	summed := bus.DoOnNext(func(v any) { sum += v.(int) }) //nolint:errcheck,forcetypeassert // the bus carries ints
	numbers := rx.FromHot[int](bus)                        // observes now, before Connect
	bus.Connect(ctx)
	go func() {
		defer close(events)
		for i := 1; i <= 4; i++ {
			events <- rxgo.Of(i)
		}
	}()

	for n, err := range numbers(ctx) {
		fmt.Println(n, err)
		if n == 2 {
			break // the other observer continues
		}
	}
	<-summed
	fmt.Println("sum:", sum)
	// Output:
	// 1 <nil>
	// 2 <nil>
	// sum: 10
}

// slowHot is a hot observable whose Observe takes a while.
type slowHot struct{ rxgo.Observable }

func (s slowHot) Observe(opts ...rxgo.Option) <-chan rxgo.Item {
	time.Sleep(time.Second)
	return s.Observable.Observe(opts...)
}

// TestLeavingAHotObservableBeforeItIsObserved: it is read nevertheless, or its other
// observers would wait forever.
func TestLeavingAHotObservableBeforeItIsObserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items := make(chan rxgo.Item)
		o := rx.FromHot[int](slowHot{rxgo.FromEventSource(items, rxgo.WithContext(t.Context()))})
		ctx, cancel := context.WithTimeout(t.Context(), tick)
		defer cancel()
		_, err := collect(ctx, o)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		time.Sleep(time.Second)
		for n := range 3 {
			select {
			case items <- rxgo.Of(n):
			case <-time.After(time.Second):
				t.Fatal("nobody reads")
			}
		}
		close(items)
		synctest.Wait() // RxGo may overlook it once its context has ended
	})
}
