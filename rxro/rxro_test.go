package rxro_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samber/ro"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/rxro"
	"github.com/rxsse/rxsse/rxssetest"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

var errBoom = errors.New("boom")

func panickingWith(src rxsse.Observable[int], v any) rxsse.Observable[int] {
	return operators.Tap(src, func(int) { panic(v) })
}

// through takes a stream to ro, through an operator, and back.
func through(operator func(ro.Observable[int]) ro.Observable[int]) func(rxsse.Observable[int]) rxsse.Observable[int] {
	return func(src rxsse.Observable[int]) rxsse.Observable[int] {
		return rxro.From(operator(rxro.ToRo(src)))
	}
}

func TestNilArguments(t *testing.T) {
	assert.PanicsWithValue(t, "rxro: From: o is nil", func() { rxro.From[int](nil) })
	assert.PanicsWithValue(t, "rxro: ToRo: src is nil", func() { rxro.ToRo[int](nil) })
}

func TestRoundTripKeepsTheContract(t *testing.T) {
	double := func(n int) int { return 2 * n }
	trips := map[string]func(ro.Observable[int]) ro.Observable[int]{
		"nothing": func(o ro.Observable[int]) ro.Observable[int] { return o },
		"Map":     ro.Map(double),
		"two stages": func(o ro.Observable[int]) ro.Observable[int] {
			return ro.Pipe2(o, ro.Map(double), ro.Filter(func(int) bool { return true }))
		},
		"Scan":      ro.Scan(func(sum, n int) int { return sum + n }, 0),
		"MergeWith": ro.MergeWith(ro.Empty[int]()),
		"Share":     ro.Share[int](),
		"Serialize": ro.Serialize[int](),
	}
	for name, operator := range trips {
		t.Run(name, func(t *testing.T) {
			trip := through(operator)
			rxssetest.Operator[int, int]{
				Apply: trip,
				Items: []int{1, 2, 3},
				Panicking: func(src rxsse.Observable[int], v any) rxsse.Observable[int] {
					return trip(panickingWith(src, v))
				},
				Shares: name == "Share",
			}.Check(t)
		})
	}
	t.Run("Take", func(t *testing.T) {
		rxssetest.Operator[int, int]{Apply: through(ro.Take[int](2)), Items: []int{1, 2, 3}, EndsEarly: true}.Check(t)
	})
}

func TestFromRoSourcesKeepsTheContract(t *testing.T) {
	rxssetest.Source[int]{
		Finite:  func() rxsse.Observable[int] { return rxro.From(ro.Just(1, 2, 3)) },
		Want:    []int{1, 2, 3},
		Failing: func(err error) rxsse.Observable[int] { return rxro.From(ro.ConcatWith(ro.Throw[int](err))(ro.Just(1))) },
		Endless: func() rxsse.Observable[int] { return rxro.From(endless()) },
		Silent:  func() rxsse.Observable[int] { return rxro.From(silent()) },
	}.Check(t)
}

// silent is ro's Never, which has no type.
func silent() ro.Observable[int] {
	return ro.NewObservable(func(ro.Observer[int]) ro.Teardown { return nil })
}

// endless sends from a goroutine until it is unsubscribed, which waits for the goroutine:
// the range must release it first.
func endless() ro.Observable[int] {
	return ro.NewObservable(func(destination ro.Observer[int]) ro.Teardown {
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					destination.Next(i)
				}
			}
		}()
		return func() {
			close(stop)
			<-stopped
		}
	})
}

// TestRoStopsOurSource: ro's own terminals and operators, without From.
func TestRoStopsOurSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running atomic.Int32
		src := func(ctx context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				running.Add(1)
				defer func() { running.Add(-1) }()
				source.Interval(time.Millisecond)(ctx)(yield)
			}
		}
		values, err := ro.Collect(ro.Pipe2(rxro.ToRo(src), ro.Map(func(n int) int { return n + 1 }), ro.Take[int](3)))
		require.NoError(t, err)
		assert.Equal(t, []int{1, 2, 3}, values)
		synctest.Wait()
		assert.Zero(t, running.Load())

		sub := rxro.ToRo(src).Subscribe(ro.NoopObserver[int]())
		time.Sleep(10 * time.Millisecond)
		assert.EqualValues(t, 1, running.Load())
		sub.Unsubscribe()
		synctest.Wait()
		assert.Zero(t, running.Load())
	})
}

// TestLeavingAShare: the subscriber that began it leaves, by a break or with its context,
// and the other one continues until the end.
func TestLeavingAShare(t *testing.T) {
	for _, end := range []string{"break", "the context ends"} {
		t.Run(end, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				shared := ro.Share[int]()(rxro.ToRo(operators.Take(source.Interval(time.Millisecond), 10)))
				first, cancel := context.WithCancel(t.Context())
				defer cancel()
				var start time.Time
				var all []int
				done := make(chan error)
				for _, err := range rxro.From(shared)(first) {
					if err != nil {
						break
					}
					go func() {
						var err error
						all, err = sink.Collect(t.Context(), rxro.From(shared))
						done <- err
					}()
					synctest.Wait()
					start = time.Now()
					if end == "break" {
						break
					}
					cancel()
				}
				assert.Zero(t, time.Since(start), "a shared source is not waited for")
				require.NoError(t, <-done)
				assert.Equal(t, []int{1, 2, 3, 4, 5, 6, 7, 8, 9}, all)
			})
		})
	}
}

func TestTheContextOfSubscribeIsTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3500*time.Microsecond, errBoom)
		defer cancel()
		values, _, err := ro.CollectWithContext(ctx, rxro.ToRo(source.Interval(time.Millisecond)))
		assert.Equal(t, []int{0, 1, 2}, values)
		assert.Equal(t, errBoom, err)
	})
}

// TestASourceThatCannotBeStopped runs until its end, and delays the range by 100 ms at
// most.
func TestASourceThatCannotBeStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Bool
		o := ro.NewObservable(func(destination ro.Observer[int]) ro.Teardown {
			for i := range 1000 {
				destination.Next(i)
				time.Sleep(time.Millisecond)
			}
			ended.Store(true)
			destination.Complete()
			return nil
		})
		var start time.Time
		for range rxro.From(o)(t.Context()) {
			start = time.Now()
			break
		}
		assert.Equal(t, 100*time.Millisecond, time.Since(start))
		assert.False(t, ended.Load())
		time.Sleep(time.Second)
		synctest.Wait()
		assert.True(t, ended.Load())
	})
}

// TestReadAhead: ro runs no further ahead than the queue.
func TestReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int32
		numbers := func(ctx context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for ctx.Err() == nil && yield(int(sent.Add(1)), nil) {
				}
			}
		}
		for range rxro.From(rxro.ToRo(numbers))(t.Context()) {
			synctest.Wait()
			assert.LessOrEqual(t, int(sent.Load()), 2*256+1)
			break
		}
	})
}

// TestAPanicInAFunctionGivenToRo is an error, since ro makes it one.
func TestAPanicInAFunctionGivenToRo(t *testing.T) {
	o := rxro.From(ro.Map(func(int) int { panic(errBoom) })(rxro.ToRo(source.Just(1))))
	_, err := sink.Collect(t.Context(), o)
	assert.ErrorIs(t, err, errBoom)
}

// TestAPanicThatNobodyTakes runs itself again in a child process, which must die of the
// panic. The child ends when this process does, even if this process is killed: it reads a
// pipe from here.
func TestAPanicThatNobodyTakes(t *testing.T) {
	const child = "RXRO_TEST_PANIC"
	if os.Getenv(child) != "" {
		src := func(ctx context.Context) iter.Seq2[int, error] {
			return func(func(int, error) bool) {
				<-ctx.Done()
				panic("panic in closing")
			}
		}
		rxro.ToRo(src).Subscribe(ro.NoopObserver[int]()).Unsubscribe()
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // if it does not die
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestAPanicThatNobodyTakes$")
	cmd.Env = append(os.Environ(), child+"=1")
	_, err := cmd.StdinPipe() // Wait closes it
	require.NoError(t, err)
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.NoError(t, ctx.Err(), "the child lives on")
	assert.Contains(t, string(out), "panic in closing")
}

func ExampleFrom() {
	ctx := context.Background()
	sums := rxro.From(ro.Pipe1(
		rxro.ToRo(source.Just(1, 2, 3)),
		ro.Scan(func(sum, n int) int { return sum + n }, 0),
	))
	for sum, err := range sums(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(sum)
	}
	// Output:
	// 1
	// 3
	// 6
}

func ExampleToRo() {
	endless := source.Interval(time.Millisecond)
	first, err := ro.Collect(ro.Pipe2(
		rxro.ToRo(endless),
		ro.Filter(func(n int) bool { return n%2 == 1 }),
		ro.Take[int](3), // stops the source
	))
	fmt.Println(first, err)
	// Output: [1 3 5] <nil>
}
