package rx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reactivex/rxgo/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rx"
)

var errOwner = errors.New("the owner has closed")

// watched records when src has ended, and under what context it ran.
func watched(src rxsse.Observable[int]) (o rxsse.Observable[int], ctx func() context.Context, ended <-chan struct{}) {
	var seen context.Context
	done := make(chan struct{})
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			seen = ctx //nolint:fatcontext // nothing is derived from it
			defer close(done)
			src(ctx)(yield)
		}
	}, func() context.Context { <-done; return seen }, done
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// TestHowASubscriptionEnds shows how a reader on RxGo's side sees each end.
func TestHowASubscriptionEnds(t *testing.T) {
	tests := []struct {
		name string
		src  rxsse.Observable[int]
		end  func(bound, theirs context.CancelCauseFunc)
		want []string
	}{
		{
			name: "completion", src: script{values: []int{1, 2}}.typed(),
			want: []string{"int 1", "int 2", "completed"},
		},
		{
			name: "error", src: script{values: []int{1}, err: errBoom}.typed(),
			want: []string{"int 1", "error: boom", "completed"},
		},
		{
			name: "the bound context ends", src: endless(),
			end:  func(bound, _ context.CancelCauseFunc) { time.Sleep(2*tick + tick/2); bound(errOwner) },
			want: []string{"int 1", "int 2", "error: the owner has closed", "completed"},
		},
		{
			name: "the bound context has ended before", src: script{values: []int{1}}.typed(),
			end:  func(bound, _ context.CancelCauseFunc) { bound(errOwner) },
			want: []string{"error: the owner has closed", "completed"},
		},
		{
			name: "RxGo's context ends", src: endless(),
			end:  func(_, theirs context.CancelCauseFunc) { time.Sleep(2*tick + tick/2); theirs(errOwner) },
			want: []string{"int 1", "int 2", "completed"},
		},
		{
			name: "panic", src: panickingWith(endless(), errBoom),
			want: []string{"error: panic: boom", "completed"},
		},
		{
			name: "panic carried from another goroutine", src: panickingWith(endless(), &rxsse.PanicError{Value: "carried"}),
			want: []string{"error: panic: carried", "completed"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bound, endBound := context.WithCancelCause(t.Context())
				theirs, endTheirs := context.WithCancelCause(t.Context())
				defer endBound(nil)
				defer endTheirs(nil)
				o := rx.ToRxGo(bound, tt.src)
				if tt.end != nil {
					go tt.end(endBound, endTheirs)
					synctest.Wait()
				}
				var got []string
				for item := range o.Observe(rxgo.WithContext(theirs)) {
					if p, ok := errors.AsType[*rxsse.PanicError](item.E); ok {
						item.E = fmt.Errorf("panic: %v", p.Value)
					}
					got = append(got, render(item))
				}
				assert.Equal(t, tt.want, append(got, "completed"))
			})
		})
	}
}

// TestReaderGone: the source is closed at once, and the goroutine with an unsent item waits
// no longer than the drainTimeout, or than RxGo's context.
func TestReaderGone(t *testing.T) {
	for name, after := range map[string]time.Duration{"RxGo goes on": drainTimeout, "RxGo's context ends": drainTimeout / 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bound, end := context.WithCancelCause(t.Context())
				theirs, cancel := context.WithTimeout(t.Context(), 10*tick+after)
				defer cancel()
				src, _, ended := watched(endless())
				rx.ToRxGo(bound, src).Observe(rxgo.WithContext(theirs))
				time.Sleep(10 * tick)
				end(errOwner)
				synctest.Wait()
				assert.True(t, isClosed(ended), "the source")

				time.Sleep(after - tick)
				ours, _ := goroutines()
				assert.Len(t, ours, 1)
				time.Sleep(2 * tick)
				ours, _ = goroutines()
				assert.Empty(t, ours)
			})
		})
	}
}

func TestSlowReaderSeesTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bound, end := context.WithCancelCause(t.Context())
		items := rx.ToRxGo(bound, endless()).Observe()
		time.Sleep(10 * tick)
		end(errOwner)
		time.Sleep(drainTimeout - tick)
		assert.Equal(t, []string{"error: the owner has closed", "completed"}, read(t.Context(), items))
	})
}

func TestSourceSeesBothContexts(t *testing.T) {
	type key string
	tests := []struct {
		name          string
		bound, theirs time.Duration // deadlines, 0 for none
		want          time.Duration
	}{
		{name: "no deadline"},
		{name: "the bound context's", bound: time.Minute, want: time.Minute},
		{name: "RxGo's", theirs: time.Minute, want: time.Minute},
		{name: "the bound context's is earlier", bound: time.Second, theirs: time.Minute, want: time.Second},
		{name: "RxGo's is earlier", bound: time.Minute, theirs: time.Second, want: time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				with := func(d time.Duration, name string) (context.Context, context.CancelFunc) {
					ctx := context.WithValue(t.Context(), key("both"), name)
					ctx = context.WithValue(ctx, key(name), name)
					if d == 0 {
						return context.WithCancel(ctx)
					}
					return context.WithTimeout(ctx, d)
				}
				bound, stop := with(tt.bound, "bound")
				defer stop()
				theirs, stopTheirs := with(tt.theirs, "theirs")
				defer stopTheirs()
				src, seen, _ := watched(script{}.typed())
				<-rx.ToRxGo(bound, src).Run(rxgo.WithContext(theirs))

				ctx := seen()
				assert.Equal(t, "bound", ctx.Value(key("bound")))
				assert.Equal(t, "theirs", ctx.Value(key("theirs")))
				assert.Equal(t, "theirs", ctx.Value(key("both")), "RxGo's values come first")
				assert.Nil(t, ctx.Value(key("neither")))
				deadline, ok := ctx.Deadline()
				assert.Equal(t, tt.want != 0, ok)
				if ok {
					assert.Equal(t, tt.want, time.Until(deadline))
				}
			})
		})
	}
}

// A register is a context that counts the goroutines that wait for its end.
type register struct {
	context.Context

	done    chan struct{}
	waiting atomic.Int32
}

func (r *register) Done() <-chan struct{} { return r.done }

func (r *register) AfterFunc(func()) func() bool {
	r.waiting.Add(1)
	return func() bool { r.waiting.Add(-1); return true }
}

// TestSubscriptionsDoNotPileUp: the bound context may live as long as the program.
func TestSubscriptionsDoNotPileUp(t *testing.T) {
	bound := &register{Context: t.Context(), done: make(chan struct{})}
	o := rx.ToRxGo(bound, func(context.Context) iter.Seq2[int32, error] {
		return func(yield func(int32, error) bool) { yield(bound.waiting.Load(), nil) }
	})
	for range 3 {
		assert.Equal(t, []string{"int32 1", "completed"}, read(t.Context(), o.Observe()))
	}
	assert.Zero(t, bound.waiting.Load())
}

// A range over an RxGo chain leaves nothing registered with its context, which may live long.
func TestRangesDoNotPileUp(t *testing.T) {
	ctx := &register{Context: t.Context(), done: make(chan struct{})}
	for range 3 {
		values, err := collect(ctx, rx.From[int](rxgo.Just(1, 2)()))
		require.NoError(t, err)
		assert.Equal(t, []int{1, 2}, values)
	}
	assert.Zero(t, ctx.waiting.Load())
}

func TestSourceSeesTheCause(t *testing.T) {
	for _, which := range []string{"bound", "theirs"} {
		t.Run(which, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bound, endBound := context.WithCancelCause(t.Context())
				theirs, endTheirs := context.WithCancelCause(t.Context())
				defer endBound(nil)
				defer endTheirs(nil)
				src, seen, _ := watched(endless())
				items := rx.ToRxGo(bound, src).Observe(rxgo.WithContext(theirs))
				map[string]context.CancelCauseFunc{"bound": endBound, "theirs": endTheirs}[which](errOwner)
				read(t.Context(), items)
				assert.Equal(t, errOwner, context.Cause(seen()))
			})
		})
	}
}

func TestBackpressure(t *testing.T) {
	tests := []struct {
		name  string
		opts  []rxgo.Option
		ahead int
	}{
		{name: "one item ahead", ahead: 1},
		{name: "and the buffer", opts: []rxgo.Option{rxgo.WithBufferedChannel(3)}, ahead: 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bound, end := context.WithCancel(t.Context())
				defer end()
				produced := 0
				src := func(ctx context.Context) iter.Seq2[int, error] {
					return func(yield func(int, error) bool) {
						for ctx.Err() == nil {
							produced++
							if !yield(produced, nil) {
								return
							}
						}
					}
				}
				items := rx.ToRxGo(bound, src, tt.opts...).Observe()
				synctest.Wait()
				assert.Equal(t, tt.ahead, produced)
				<-items
				synctest.Wait()
				assert.Equal(t, tt.ahead+1, produced)
				end()
				read(t.Context(), items)
			})
		})
	}
}

// TestOptionsAreNotShared gives the race detector two subscriptions through one
// slice of options with room to spare.
func TestOptionsAreNotShared(t *testing.T) {
	opts := make([]rxgo.Option, 1, 8)
	opts[0] = rxgo.WithBufferedChannel(1)
	o := rx.ToRxGo(t.Context(), script{values: []int{1, 2}}.typed(), opts...)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			got := read(t.Context(), o.Observe(rxgo.WithContext(t.Context())))
			assert.Equal(t, []string{"int 1", "int 2", "completed"}, got)
		})
	}
	readers.Wait()
	assert.Equal(t, make([]rxgo.Option, 7), opts[1:cap(opts)], "RxGo appends to the slice that it is given")
}

func TestPanicKeepsItsStack(t *testing.T) {
	item := <-rx.ToRxGo(t.Context(), panickingWith(endless(), "why")).Observe()
	p, ok := errors.AsType[*rxsse.PanicError](item.E)
	require.True(t, ok, "got %v", item)
	assert.Equal(t, "why", p.Value)
	assert.Contains(t, string(p.Stack), "panickingWith")
}

// closingPanics emits and panics when it is told to stop.
func closingPanics(ctx context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		defer panic("panic in closing")
		endless()(ctx)(yield)
	}
}

// TestSlowReaderGetsThePanic of a source that is stopped before the reader reads on. The panic
// goes no further: it would end the process.
func TestSlowReaderGetsThePanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bound, end := context.WithCancelCause(t.Context())
		items := rx.ToRxGo(bound, closingPanics).Observe()
		time.Sleep(10 * tick)
		end(errOwner)
		time.Sleep(drainTimeout - tick)
		p, ok := errors.AsType[*rxsse.PanicError]((<-items).E)
		require.True(t, ok)
		assert.Equal(t, "panic in closing", p.Value)
		assert.Equal(t, []string{"completed"}, read(t.Context(), items))
	})
}

// TestPanicAfterTheConsumerLeft: no item can carry the panic, so the bridge carries it.
func TestPanicAfterTheConsumerLeft(t *testing.T) {
	o := rx.FromFunc[int](func(opt rxgo.Option) rxgo.Observable {
		return rx.ToRxGo(t.Context(), closingPanics).Map(double, opt)
	})
	defer func() {
		p, ok := recover().(*rxsse.PanicError)
		require.True(t, ok)
		assert.Equal(t, "panic in closing", p.Value)
	}()
	for range o(t.Context()) {
		break
	}
	t.Error("the range returned without the panic")
}

// TestPanicOnItsWay: the item with the panic was already in RxGo's channel when the
// consumer left.
func TestPanicOnItsWay(t *testing.T) {
	items := make(chan rxgo.Item, 2)
	items <- rxgo.Of(1)
	items <- rxgo.Error(&rxsse.PanicError{Value: "on its way"})
	close(items)
	assert.PanicsWithError(t, "panic: on its way\n\n", func() {
		for range rx.From[int](iterable(items))(t.Context()) {
			break
		}
	})
}

// An iterable is a channel that a chain of RxGo sends to.
type iterable <-chan rxgo.Item

func (i iterable) Observe(...rxgo.Option) <-chan rxgo.Item { return i }

// TestPanicThatNobodyReads runs itself again in child processes, which must die of a panic
// that no range is left to raise. A child ends when this process does, even if that is
// killed: it reads a pipe from here.
func TestPanicThatNobodyReads(t *testing.T) {
	const child = "RX_TEST_PANIC"
	panics := map[string]func(*testing.T){
		"panic in closing": func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			rx.ToRxGo(ctx, closingPanics).Observe()
			cancel()
		},
		"panic in a late build": func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), tick)
			defer cancel()
			returned := make(chan struct{})
			_, err := collect(ctx, rx.FromFunc[int](func(rxgo.Option) rxgo.Observable {
				<-returned
				panic("panic in a late build")
			}))
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			close(returned)
		},
		"panic in the chain of a late build": func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), tick)
			defer cancel()
			items := make(chan rxgo.Item, 1)
			items <- rxgo.Error(&rxsse.PanicError{Value: "panic in the chain of a late build", Stack: debug.Stack()})
			close(items)
			returned := make(chan struct{})
			_, err := collect(ctx, rx.FromFunc[int](func(rxgo.Option) rxgo.Iterable {
				<-returned
				return iterable(items)
			}))
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			close(returned)
		},
		"panic behind a hot range": func(t *testing.T) {
			items := make(chan rxgo.Item)
			o := rx.FromHot[int](iterable(items))
			go func() {
				items <- rxgo.Of(1)
				items <- rxgo.Error(&rxsse.PanicError{Value: "panic behind a hot range", Stack: debug.Stack()})
			}()
			for range o(t.Context()) {
				break
			}
		},
	}
	if run, isChild := panics[os.Getenv(child)]; isChild {
		run(t)
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	for name := range panics {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // if it does not die
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestPanicThatNobodyReads$")
			cmd.Env = append(os.Environ(), child+"="+name)
			_, err := cmd.StdinPipe() // Wait closes it
			require.NoError(t, err)
			out, err := cmd.CombinedOutput()
			require.Error(t, err)
			require.NoError(t, ctx.Err(), "the child lives on")
			assert.Contains(t, string(out), name)
			assert.Contains(t, string(out), "_test.go:", "the stack")
		})
	}
}

func ExampleToRxGo() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	numbers := func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := 1; i <= 4 && yield(i, nil); i++ {
			}
		}
	}
	squares := rx.ToRxGo(ctx, numbers).Map(func(_ context.Context, v any) (any, error) {
		n, _ := v.(int)
		return n * n, nil
	})
	for item := range squares.Observe(rxgo.WithContext(ctx)) {
		fmt.Println(item.V, item.E)
	}
	// Output:
	// 1 <nil>
	// 4 <nil>
	// 9 <nil>
	// 16 <nil>
}
