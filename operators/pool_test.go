package operators

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

// fastCalls is how many calls make each of eight workers take chunks of several items.
const fastCalls = 2000

// fastCall is one of them, in a bubble. In the middle it waits until the consumer has seen
// that the workers could take more: without that, all chunks would be single items.
func fastCall(v int) {
	if v == fastCalls/2 {
		synctest.Wait()
	}
}

// A slow call holds up neither the results before it in its chunk, nor the source.
func TestPoolDeliversTheResultsOfAnUnfinishedChunk(t *testing.T) {
	for name, op := range parallels {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				got := 0
				for v, err := range op(from(upTo(fastCalls+100)...), 1, func(_ context.Context, v int) (int, error) {
					fastCall(v)
					if v >= fastCalls {
						time.Sleep(time.Second)
					}
					return v, nil
				})(t.Context()) {
					require.NoError(t, err)
					require.Equal(t, got, v)
					due := time.Duration(max(0, v-fastCalls+1)) * time.Second
					require.LessOrEqual(t, time.Since(start)-due, consumerPatience, "result %d", v)
					got++
				}
				assert.Equal(t, fastCalls+100, got)
			})
		})
	}
}

// The first slow call holds up no results before it, however many calls were fast.
func TestPoolDeliversTheResultsBeforeTheFirstSlowCall(t *testing.T) {
	for name, op := range parallels {
		for slow := range 64 {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				for v, err := range op(from(upTo(slow+1)...), 1, func(_ context.Context, v int) (int, error) {
					if v == slow {
						time.Sleep(time.Minute)
					}
					return v, nil
				})(t.Context()) {
					require.NoError(t, err)
					if v < slow {
						require.LessOrEqual(t, time.Since(start), consumerPatience, "%s: result %d before call %d", name, v, slow)
					}
				}
			})
		}
	}
}

// Calls that are slow after many fast ones run at the same time as if all had been slow.
func TestPoolSharesTheItemsBehindASlowCall(t *testing.T) {
	const workers, slow = 8, 80
	for name, op := range parallels {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				got, err := drain(t.Context(), op(from(upTo(fastCalls+slow)...), workers, func(_ context.Context, v int) (int, error) {
					fastCall(v)
					if v >= fastCalls {
						time.Sleep(time.Second)
					}
					return v, nil
				}))
				require.NoError(t, err)
				slices.Sort(got)
				assert.Equal(t, upTo(fastCalls+slow), got)
				assert.Less(t, time.Since(start), slow/workers*time.Second+10*consumerPatience)
			})
		})
	}
}

// Items behind a slow call are not forgotten while other workers are busy.
func TestPoolSharesItemsWhileResultsKeepComing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		results := ParallelUnordered(Take(endless(), 100_000), 2, func(_ context.Context, v int) (int, error) {
			switch {
			case v == fastCalls:
				time.Sleep(time.Minute)
			case v > fastCalls:
				time.Sleep(50 * time.Microsecond)
			}
			return v, nil
		})
		late := map[int]bool{} // results that are not there in order
		next := 0
		for v, err := range results(t.Context()) {
			require.NoError(t, err)
			if v == 2000 {
				break
			}
			for ; next < v; next++ {
				late[next] = true
			}
			delete(late, v)
			next = max(next, v+1)
		}
		delete(late, fastCalls)
		assert.LessOrEqual(t, len(late), 1, "results before the last one: %v", late)
	})
}

// An error in a chunk comes after the results before it, those of other chunks included,
// and no call begins for the items after it.
func TestPoolErrorAmongChunks(t *testing.T) {
	errBad := errors.New("bad")
	const bad = 5000
	for _, workers := range []int{1, 2, 7} {
		for range 20 {
			var after atomic.Int64
			got, err := drain(t.Context(), Parallel(endless(), workers, func(_ context.Context, v int) (int, error) {
				switch {
				case v == bad:
					return 0, errBad
				case v%64 == 3:
					time.Sleep(time.Microsecond)
				case v > bad+10_000:
					after.Add(1)
				}
				return v, nil
			}))
			require.Equal(t, errBad, err)
			require.Equal(t, upTo(bad), got)
			require.Zero(t, after.Load())
		}
	}
}

// Without order, an error comes after the results available before it, including those in
// unfinished chunks.
func TestPoolUnorderedErrorAfterResults(t *testing.T) {
	errBad := errors.New("bad")
	synctest.Test(t, func(t *testing.T) {
		const bad = fastCalls + 3
		got, err := drain(t.Context(), ParallelUnordered(from(upTo(bad+1)...), 2, func(ctx context.Context, v int) (int, error) {
			fastCall(v)
			switch v {
			case bad:
				time.Sleep(time.Second)
				return 0, errBad
			case bad - 1:
				<-ctx.Done()
				return 0, context.Cause(ctx)
			}
			return v, nil
		}))
		assert.Equal(t, errBad, err)
		slices.Sort(got)
		assert.Equal(t, upTo(bad-1), got)
	})
}

// Items count by their bytes until they are delivered.
func TestPoolCountsBytes(t *testing.T) {
	large := codec.Event{Data: strings.Repeat("x", 1<<20)}
	synctest.Test(t, func(t *testing.T) {
		var read atomic.Int64
		src := Map(Take(endless(), 100), func(int) codec.Event { read.Add(1); return large })
		release := make(chan struct{})
		lengths := Parallel(src, 2, func(_ context.Context, e codec.Event) (int, error) {
			<-release
			return len(e.Data), nil
		})
		time.AfterFunc(time.Second, func() {
			assert.EqualValues(t, 17, read.Load(), "16 MiB and the event that waits")
			close(release)
		})
		n := 0
		for size, err := range lengths(t.Context()) {
			require.NoError(t, err)
			require.Equal(t, 1<<20, size)
			n++
		}
		assert.Equal(t, 100, n)
	})
}

// With randomly fast and slow calls and consumers, f is called once for each item, with at
// most n concurrent calls, and the results are those of a loop.
func TestPoolEqualsALoop(t *testing.T) {
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 5))
			n, workers := random.IntN(1500), 1+random.IntN(8)
			slow, lazy := 1+random.IntN(200), 1+random.IntN(200) // one in slow calls, one item in lazy
			bad := random.IntN(2 * (n + 1))                      // fails if it is an item
			errBad := errors.New("bad")
			durations := make([]time.Duration, n)
			for i := range durations {
				if random.IntN(slow) == 0 {
					durations[i] = time.Duration(random.IntN(1000)) * time.Microsecond
				}
			}
			for name, op := range parallels {
				calls := make([]atomic.Int32, n)
				var running atomic.Int32
				results := op(from(upTo(n)...), workers, func(_ context.Context, v int) (int, error) {
					calls[v].Add(1)
					assert.LessOrEqual(t, int(running.Add(1)), workers)
					time.Sleep(durations[v])
					running.Add(-1)
					if v == bad {
						return 0, errBad
					}
					return v, nil
				})
				var got []int
				var end error
				for v, err := range results(t.Context()) {
					if end = err; err != nil {
						break
					}
					got = append(got, v)
					if random.IntN(lazy) == 0 {
						time.Sleep(time.Duration(random.IntN(1000)) * time.Microsecond)
					}
				}
				if bad < n {
					require.Equal(t, errBad, end, name)
				} else {
					require.NoError(t, end, name)
				}
				if name == "Parallel" {
					require.Equal(t, upTo(min(n, bad)), append([]int{}, got...), "seed %d", seed)
				}
				slices.Sort(got)
				require.Equal(t, slices.Compact(slices.Clone(got)), got, "no result twice")
				if bad >= n {
					require.Len(t, got, n, "seed %d", seed)
				}
				for v := range calls {
					require.LessOrEqual(t, calls[v].Load(), int32(1))
				}
			}
		})
	}
}
