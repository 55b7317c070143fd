package rx_test

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reactivex/rxgo/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/rx"
)

// counted counts the subscriptions of src: all that were made, and those that run.
func counted(src rxsse.Observable[int]) (o rxsse.Observable[int], made, running func() int) {
	var mu sync.Mutex
	var total, now int
	add := func(t, n int) {
		mu.Lock()
		defer mu.Unlock()
		total += t
		now += n
	}
	read := func(p *int) func() int {
		return func() int {
			mu.Lock()
			defer mu.Unlock()
			return *p
		}
	}
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			add(1, 1)
			defer add(0, -1)
			src(ctx)(yield)
		}
	}, read(&total), read(&now)
}

// TestPublished: one subscription for any number of observers, nothing before Connect, all
// items to each, even if it is connected at the end of a chain or through Scope.
func TestPublished(t *testing.T) {
	tests := map[string]func(ctx context.Context, src rxsse.Observable[int]) (bus, end rxgo.Observable){
		"at the source": func(ctx context.Context, src rxsse.Observable[int]) (rxgo.Observable, rxgo.Observable) {
			bus := rx.ToRxGo(ctx, src, rxgo.WithPublishStrategy())
			return bus, bus
		},
		"at the end of a chain": func(ctx context.Context, src rxsse.Observable[int]) (rxgo.Observable, rxgo.Observable) {
			bus := rx.ToRxGo(ctx, src, rxgo.WithPublishStrategy(), rxgo.WithBufferedChannel(2)).
				Map(double).Filter(func(any) bool { return true })
			return bus, bus
		},
		"on another branch": func(ctx context.Context, src rxsse.Observable[int]) (rxgo.Observable, rxgo.Observable) {
			bus := rx.ToRxGo(ctx, src, rxgo.WithPublishStrategy())
			return bus, bus.Map(double)
		},
		"Scope": func(ctx context.Context, src rxsse.Observable[int]) (rxgo.Observable, rxgo.Observable) {
			bus := rx.Scope(ctx, func(ctx context.Context, opt rxgo.Option) rxgo.Observable {
				return rx.ToRxGo(ctx, src).Map(double, opt)
			}, rxgo.WithPublishStrategy())
			return bus, bus
		},
	}
	for name, build := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src, made, running := counted(script{values: []int{1, 2, 3}, pace: tick}.typed())
				bus, end := build(t.Context(), src)
				var seen [3]int
				var done []rxgo.Disposed
				for i := range seen {
					done = append(done, bus.DoOnNext(func(any) { seen[i]++ }))
				}
				time.Sleep(10 * tick)
				assert.Zero(t, made(), "subscriptions before Connect")

				ctx, dispose := end.Connect(t.Context())
				defer dispose()
				again, _ := bus.Connect(t.Context())
				assert.Equal(t, ctx, again)
				for _, d := range done {
					<-d
				}
				synctest.Wait()
				assert.Equal(t, [3]int{3, 3, 3}, seen)
				assert.Equal(t, 1, made())
				assert.Zero(t, running())
			})
		})
	}
}

// TestPublishedIsDisposed: by the result of Connect, by the context given to Connect, and
// by the bound context, whose end the observers get as an error.
func TestPublishedIsDisposed(t *testing.T) {
	tests := map[string]struct {
		end  func(dispose rxgo.Disposable, connected, bound context.CancelCauseFunc)
		want string
	}{
		"dispose":              {func(dispose rxgo.Disposable, _, _ context.CancelCauseFunc) { dispose() }, "[completed]"},
		"the context given":    {func(_ rxgo.Disposable, connected, _ context.CancelCauseFunc) { connected(errOwner) }, "[completed]"},
		"the bound context":    {func(_ rxgo.Disposable, _, bound context.CancelCauseFunc) { bound(errOwner) }, "[error: the owner has closed completed]"},
		"the source has ended": {func(rxgo.Disposable, context.CancelCauseFunc, context.CancelCauseFunc) {}, "[error: boom completed]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bound, endBound := context.WithCancelCause(t.Context())
				defer endBound(nil)
				connected, endConnected := context.WithCancelCause(t.Context())
				defer endConnected(nil)
				source := endless()
				if name == "the source has ended" {
					source = script{values: []int{1, 2}, err: errBoom, pace: tick}.typed()
				}
				src, _, running := counted(source)
				bus := rx.ToRxGo(bound, src, rxgo.WithPublishStrategy())
				lines := make(chan []string)
				for range 2 {
					items := bus.Observe()
					go func() { lines <- read(t.Context(), items) }()
				}
				_, dispose := bus.Connect(connected)
				time.Sleep(2*tick + tick/2)
				tt.end(dispose, endConnected, endBound)
				synctest.Wait()
				assert.Zero(t, running(), "the source")
				for range 2 {
					got := <-lines
					require.Greater(t, len(got), 2)
					assert.Equal(t, []string{"int 1", "int 2"}, got[:2])
					assert.Equal(t, tt.want, fmt.Sprint(got[2:]))
				}
			})
		})
	}
}

// TestObserversThatLeave follows the advice of the package documentation: share before the
// crossing, and give each observer its own context.
func TestObserversThatLeave(t *testing.T) {
	for name, overflow := range map[string]operators.Overflow{"Block": operators.OverflowBlock, "DropOldest": operators.OverflowDropOldest} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src, made, running := counted(script{values: []int{1, 2, 3, 4, 5, 6, 7, 8}, pace: tick}.typed())
				shared := operators.Replay(src, 100, 16, overflow)
				observe := func(ctx context.Context) <-chan []string {
					lines := make(chan []string, 1)
					items := rx.ToRxGo(t.Context(), shared).Map(double, rxgo.WithContext(ctx)).Observe(rxgo.WithContext(ctx)) //nolint:contextcheck // the program's, and the observer's
					go func() { lines <- read(ctx, items) }()
					return lines
				}
				leaving, leave := context.WithCancel(t.Context())
				defer leave()
				staying, gone := observe(t.Context()), observe(leaving)
				time.Sleep(2*tick + tick/2)
				leave()
				<-gone
				time.Sleep(2 * tick)
				late := observe(t.Context())
				all := []string{"int 2", "int 4", "int 6", "int 8", "int 10", "int 12", "int 14", "int 16", "completed"}
				assert.Equal(t, all, <-staying)
				assert.Equal(t, all, <-late, "with what it missed")
				assert.Equal(t, 1, made())
				synctest.Wait()
				assert.Zero(t, running())
			})
		})
	}
}

// TestConnectableCoversRxGo: each operator returns an observable whose Connect starts
// the source too.
func TestConnectableCoversRxGo(t *testing.T) {
	bus := reflect.TypeOf(rx.ToRxGo(t.Context(), endless(), rxgo.WithPublishStrategy()))
	observable := reflect.TypeFor[rxgo.Observable]()
	for m := range observable.Methods() {
		if m.Type.NumOut() != 1 || m.Type.Out(0) != observable || m.Name == "BackOffRetry" {
			continue
		}
		method, ok := bus.MethodByName(m.Name)
		require.True(t, ok)
		file, _ := runtime.FuncForPC(method.Func.Pointer()).FileLine(method.Func.Pointer())
		assert.True(t, strings.HasSuffix(file, "/connectable.go"), "%s is RxGo's own", m.Name)
	}
}

func TestOptionsOfASource(t *testing.T) {
	refused := map[string][]rxgo.Option{
		"Drop":              {rxgo.WithBackPressureStrategy(rxgo.Drop)},
		"Drop among others": {rxgo.WithBufferedChannel(3), rxgo.WithBackPressureStrategy(rxgo.Drop), rxgo.WithContext(t.Context())},
		"Drop, published":   {rxgo.WithPublishStrategy(), rxgo.WithBackPressureStrategy(rxgo.Drop)},
	}
	for name, opts := range refused {
		t.Run(name, func(t *testing.T) {
			for _, build := range []func(){
				func() { rx.ToRxGo(t.Context(), endless(), opts...) },
				func() {
					rx.Scope(t.Context(), func(context.Context, rxgo.Option) rxgo.Observable { return rxgo.Empty() }, opts...)
				},
			} {
				func() {
					defer func() {
						err, _ := recover().(error)
						require.ErrorContains(t, err, "rx: ToRxGo")
						assert.ErrorContains(t, err, "rxgo.FromEventSource(rx.ToRxGo(ctx, src).Observe(), rxgo.WithBackPressureStrategy(rxgo.Drop))")
						assert.ErrorContains(t, err, "operators.Buffer(src, n, operators.OverflowDropOldest)")
					}()
					build()
					t.Error("accepted")
				}()
			}
		})
	}
	accepted := map[string][]rxgo.Option{
		"none":            nil,
		"Block":           {rxgo.WithBackPressureStrategy(rxgo.Block)},
		"the last counts": {rxgo.WithBackPressureStrategy(rxgo.Drop), rxgo.WithBackPressureStrategy(rxgo.Block)},
		"others": {
			rxgo.WithBufferedChannel(1), rxgo.WithContext(t.Context()), rxgo.WithPool(2), rxgo.WithCPUPool(),
			rxgo.WithErrorStrategy(rxgo.ContinueOnError), rxgo.WithObservationStrategy(rxgo.Eager), rxgo.Serialize(num),
		},
	}
	for name, opts := range accepted {
		t.Run(name, func(t *testing.T) {
			o := rx.ToRxGo(t.Context(), script{values: []int{1, 2}}.typed(), opts...)
			assert.Equal(t, []string{"int 1", "int 2", "completed"}, read(t.Context(), o.Observe()))
		})
	}
}

func ExampleToRxGo_publish() {
	ctx := context.Background()
	numbers := func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			fmt.Println("subscribed")
			for i := 1; i <= 3 && yield(i, nil); i++ {
			}
		}
	}
	bus := rx.ToRxGo(ctx, numbers, rxgo.WithPublishStrategy())
	sum, product := 0, 1
	summed := bus.DoOnNext(func(v any) { sum += v.(int) })             //nolint:errcheck,forcetypeassert // the bus carries ints
	multiplied := bus.DoOnNext(func(v any) { product *= v.(int) + 1 }) //nolint:errcheck,forcetypeassert // the bus carries ints

	_, dispose := bus.Connect(ctx)
	defer dispose()
	<-summed
	<-multiplied
	fmt.Println(sum, product)
	// Output:
	// subscribed
	// 6 24
}
