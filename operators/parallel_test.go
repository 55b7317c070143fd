package operators

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

// deadline is a context that ends after this number of frames and a half.
func deadline(t *testing.T, frames int) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), time.Duration(frames)*marble.Frame+marble.Frame/2)
}

// work takes as many frames as the digit v, and fails for "x".
func work(ctx context.Context, v string) (string, error) {
	if v == "x" {
		return "", marble.Err
	}
	select {
	case <-time.After(time.Duration(v[0]-'0') * marble.Frame):
		return v, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func TestParallel(t *testing.T) {
	for _, c := range []struct {
		name, src          string
		n                  int
		ordered, unordered string
	}{
		{"one at a time", "321|", 1, "---3-2(1|)", "---3-2(1|)"},
		{"two at a time", "6-1-1---|", 2, "------(611)-|", "---1-16-|"},
		{"three at a time", "7-3-2----|", 3, "-------(732)-|", "-----327-|"},
		{"waits for what runs", "39|", 2, "---3------(9|)", "---3------(9|)"},
		{"an error takes its place", "3-x-1|", 3, "---(3#)", "--#"},
		{"an error of the source comes last", "4-1#", 3, "----(41#)", "---1(4#)"},
		{"nothing", "--|", 3, "--|", "--|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				assert.Equal(t, c.ordered, marble.Record(t.Context(), Parallel(marble.Cold(c.src), c.n, work)), "ordered")
				assert.Equal(t, c.unordered, marble.Record(t.Context(), ParallelUnordered(marble.Cold(c.src), c.n, work)), "unordered")
			})
		})
	}
}

func TestParallelRunsSoManyAtOnce(t *testing.T) {
	for name, op := range parallels {
		synctest.Test(t, func(t *testing.T) {
			var running, most atomic.Int64
			f := func(_ context.Context, v int) (int, error) {
				most.Store(max(most.Load(), running.Add(1)))
				time.Sleep(time.Second)
				running.Add(-1)
				return v, nil
			}
			start := time.Now()
			got := collect(t, op(Take(endless(), 40), 8, f))
			assert.EqualValues(t, 8, most.Load(), name)
			assert.Equal(t, 5*time.Second, time.Since(start), name)
			slices.Sort(got)
			assert.Equal(t, collect(t, Take(endless(), 40)), got, name)
		})
	}
}

var parallels = map[string]func(rxsse.Observable[int], int, func(context.Context, int) (int, error)) rxsse.Observable[int]{
	"Parallel": Parallel[int, int], "ParallelUnordered": ParallelUnordered[int, int],
}

func TestParallelUnderLoad(t *testing.T) {
	const n = 100_000
	f := func(_ context.Context, v int) (int, error) { return 2 * v, nil }
	for _, workers := range []int{1, 3, 300} {
		got := collect(t, Parallel(Take(endless(), n), workers, f))
		require.Len(t, got, n)
		for i := range got {
			require.Equal(t, 2*i, got[i], "in order")
		}
		got = collect(t, ParallelUnordered(Take(endless(), n), workers, f))
		require.Len(t, got, n)
		slices.Sort(got)
		for i := range got {
			require.Equal(t, 2*i, got[i])
		}
	}
}

func TestParallelReadsNoFurtherAheadThanItSays(t *testing.T) {
	for name, op := range parallels {
		synctest.Test(t, func(t *testing.T) {
			read, delivered := 0, 0
			src := Tap(Take(endless(), 2000), func(int) { read++ })
			f := func(_ context.Context, v int) (int, error) { return v, nil }
			for _, err := range op(src, 2, f)(t.Context()) {
				require.NoError(t, err, name)
				delivered++
				synctest.Wait()
				require.LessOrEqual(t, read, delivered+2*256, name) // 256 ahead of the batch that is being delivered
			}
		})
	}
}

// After an error no further call begins, and running calls are cancelled.
func TestParallelErrorEndsTheRest(t *testing.T) {
	errBad := errors.New("bad")
	for name, op := range parallels {
		synctest.Test(t, func(t *testing.T) {
			var calls, cancelled atomic.Int64
			f := func(ctx context.Context, v int) (int, error) {
				calls.Add(1)
				if v == 0 {
					time.Sleep(time.Second)
					return 0, errBad
				}
				<-ctx.Done()
				cancelled.Add(1)
				return 0, context.Cause(ctx)
			}
			start := time.Now()
			got, err := drain(t.Context(), op(endless(), 4, f))
			assert.Empty(t, got, name)
			assert.Equal(t, errBad, err, name)
			assert.Equal(t, time.Second, time.Since(start), name)
			assert.EqualValues(t, 4, calls.Load(), name)
			assert.EqualValues(t, 3, cancelled.Load(), name)
		})
	}
}

// After an error no call begins, even before the consumer reaches the error.
func TestParallelBeginsNoCallAfterAnError(t *testing.T) {
	errBad := errors.New("bad")
	for name, op := range parallels {
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int64
			f := func(_ context.Context, v int) (int, error) {
				calls.Add(1)
				time.Sleep(time.Duration(v) * time.Second)
				if v == 1 {
					return 0, errBad
				}
				return v, nil
			}
			var end error
			for v, err := range op(Take(endless(), 100), 2, f)(t.Context()) {
				if end = err; err == nil && v == 0 {
					time.Sleep(10 * time.Second)
				}
			}
			assert.Equal(t, errBad, end, name)
			assert.EqualValues(t, 3, calls.Load(), "%s: items 0 to 2", name)
		})
	}
}

func TestContractOfParallel(t *testing.T) {
	type ints = rxsse.Observable[int]
	for name, op := range parallels { // Parallel and ParallelUnordered
		t.Run(name, rxssetest.Operator[int, int]{
			Apply: func(src ints) ints {
				return op(src, 3, func(_ context.Context, v int) (int, error) { return v, nil })
			},
			Panicking: func(src ints, v any) ints {
				return op(src, 3, func(context.Context, int) (int, error) { panic(v) })
			},
			Items: []int{1, 2, 3},
		}.Check)
	}
}

func TestParallelArguments(t *testing.T) {
	f := func(_ context.Context, v int) (int, error) { return v, nil }
	assert.PanicsWithValue(t, "operators: Parallel: n must be positive, got 0", func() { Parallel(from(1), 0, f) })
	assert.PanicsWithValue(t, "operators: ParallelUnordered: n must be positive, got -1", func() { ParallelUnordered(from(1), -1, f) })
}

// Goroutines start as needed, so any n works.
func TestParallelWithoutALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		start := time.Now()
		var items []int
		for v, err := range Parallel(from(upTo(n)...), math.MaxInt, func(_ context.Context, v int) (int, error) {
			time.Sleep(time.Second)
			return v, nil
		})(t.Context()) {
			require.NoError(t, err)
			items = append(items, v)
		}
		assert.Equal(t, upTo(n), items)
		assert.Equal(t, time.Second, time.Since(start), "all at once")
	})
}

// Calls that turn from fast to slow are spread over all goroutines again.
func TestParallelSpreadsSlowCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const fast, slow = 500, 80
		start := time.Now()
		got := 0
		for _, err := range Parallel(from(upTo(fast+slow)...), 8, func(_ context.Context, v int) (int, error) {
			if v >= fast {
				time.Sleep(time.Second)
			}
			return v, nil
		})(t.Context()) {
			require.NoError(t, err)
			got++
		}
		assert.Equal(t, fast+slow, got)
		assert.Less(t, time.Since(start), 75*time.Second, "a chunk of 64 at most is done by one goroutine")
	})
}
