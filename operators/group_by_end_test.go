package operators

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
)

// failingAfter delivers 0 to n-1 and fails with err, or completes.
func failingAfter(n int, err error) rxsse.Observable[int] {
	return func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				if !yield(i, nil) {
					return
				}
			}
			if err != nil {
				yield(0, err)
			}
		}
	}
}

// Items that groups hold when src fails are delivered before the error, also through
// MergeMap, which the error of the first group ends.
func TestGroupByDeliversEverythingBeforeTheError(t *testing.T) {
	errLost := errors.New("lost")
	const n = 2000
	mod := func(v int) int { return v % 5 }
	for name, pause := range map[string]time.Duration{"fast": 0, "slow": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				synctest.Test(t, func(t *testing.T) {
					all := MergeMap(GroupBy(failingAfter(n, errLost), mod, 100, time.Hour), 100,
						func(g Group[int, int]) rxsse.Observable[int] { return g.Items })
					got := 0
					var failure error
					for _, err := range all(t.Context()) {
						if err != nil {
							failure = err
							break
						}
						if got++; got%64 == 0 {
							time.Sleep(pause)
						}
					}
					assert.Equal(t, n, got)
					assert.Equal(t, errLost, failure)
				})
			}
		})
	}
}

// An error that is removed before GroupBy and delivered after MergeMap drops no items held by
// asynchronous stages in between.
func TestGroupByErrorAroundAsynchronousStages(t *testing.T) {
	errLost := errors.New("lost")
	const n = 2000
	for name, stage := range map[string]func(rxsse.Observable[int]) rxsse.Observable[int]{
		"Delay":  func(src rxsse.Observable[int]) rxsse.Observable[int] { return Delay(src, time.Second) },
		"Buffer": func(src rxsse.Observable[int]) rxsse.Observable[int] { return Buffer(src, 100, OverflowBlock) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var failure error
				src := Catch(failingAfter(n, errLost), func(err error) rxsse.Observable[int] {
					failure = err
					return failingAfter(0, nil)
				})
				groups := GroupBy(src, func(v int) int { return v % 5 }, 100, time.Hour)
				all := MergeMap(groups, 100, func(g Group[int, int]) rxsse.Observable[int] { return stage(g.Items) })
				got, err := drain(t.Context(), Concat(all, func(ctx context.Context) iter.Seq2[int, error] {
					return failingAfter(0, failure)(ctx)
				}))
				assert.Len(t, got, n)
				assert.Equal(t, errLost, err)
			})
		})
	}
}

// The stream of groups fails last.
func TestGroupByFailsLast(t *testing.T) {
	errLost := errors.New("lost")
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var readers sync.WaitGroup
		ended := 0
		var failure error
		for g, err := range GroupBy(failingAfter(6, errLost), func(v int) int { return v % 3 }, 10, time.Hour)(t.Context()) {
			if err != nil {
				failure = err
				break
			}
			readers.Go(func() {
				n := 0
				for _, err := range g.Items(t.Context()) {
					if err != nil {
						assert.Equal(t, errLost, err)
						mu.Lock()
						ended++
						mu.Unlock()
						break
					}
					time.Sleep(time.Duration(g.Key+1) * time.Second)
					n++
				}
				assert.Equal(t, 2, n)
			})
		}
		assert.Equal(t, errLost, failure)
		readers.Wait()
		assert.Equal(t, 3, ended)
	})
}

// The slow reader of a completed group, whether its key fell silent or a new key replaced it,
// also gets all items before the error of src ends the others.
func TestGroupByDeliversCompletedGroupsBeforeTheError(t *testing.T) {
	errLost := errors.New("lost")
	for name, opts := range map[string][]GroupOption{"silent": nil, "replaced": {MaxGroups(1)}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := Tap(failingAfter(9, errLost), func(v int) {
					if v == 8 && opts == nil {
						time.Sleep(2 * time.Second)
					}
				})
				groups := GroupBy(src, func(v int) int { return v / 8 }, 10, time.Second, opts...)
				got, err := drain(t.Context(), MergeMap(groups, 100, func(g Group[int, int]) rxsse.Observable[int] {
					return Tap(g.Items, func(int) { time.Sleep(time.Second) })
				}))
				assert.Len(t, got, 9)
				assert.Equal(t, errLost, err)
			})
		})
	}
}

// Completed groups are forgotten, also those without a reader.
func TestGroupByForgetsCompletedGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const groups, size = 1000, 1 << 16
		items := Map(failingAfter(groups, nil), func(int) string {
			time.Sleep(time.Second)
			return strings.Repeat("x", size)
		})
		heap := func() int {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return int(m.HeapAlloc)
		}
		before, keys, delivered := heap(), 0, 0
		for _, err := range GroupBy(items, func(string) string { keys++; return strconv.Itoa(keys) }, 10, time.Hour, MaxGroups(1))(t.Context()) {
			require.NoError(t, err)
			if delivered++; delivered == groups {
				assert.Less(t, heap()-before, groups/4*size)
			}
		}
		assert.Equal(t, groups, delivered)
	})
}

// A cancellation while a slow reader holds up the error of src ends the group with the cause.
func TestGroupByCancelledBeforeTheErrorIsDelivered(t *testing.T) {
	errLost, cause := errors.New("lost"), errors.New("closing down")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		var reader sync.WaitGroup
		var read int
		var ended error
		_, err := drain(ctx, Tap(GroupBy(failingAfter(2, errLost), func(int) int { return 0 }, 10, time.Hour), func(g Group[int, int]) {
			reader.Go(func() {
				for _, err := range g.Items(t.Context()) {
					if ended = err; err == nil {
						read++
						time.Sleep(time.Second)
					}
				}
			})
			time.AfterFunc(time.Second, func() { cancel(cause) })
		}))
		reader.Wait()
		assert.Equal(t, cause, err)
		assert.Equal(t, cause, ended)
		assert.Equal(t, 2, read)
	})
}

// A group without a reader holds up the error for a second.
func TestGroupByErrorDoesNotWaitForUnreadGroups(t *testing.T) {
	errLost := errors.New("lost")
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		groups := 0
		for _, err := range GroupBy(failingAfter(6, errLost), func(v int) int { return v }, 10, time.Hour)(t.Context()) {
			if err != nil {
				assert.Equal(t, errLost, err)
				break
			}
			groups++
		}
		assert.Equal(t, 6, groups)
		assert.Equal(t, time.Second, time.Since(start))
	})
}

// A new key completes the group that was silent for longest once there are too many.
func TestGroupByBoundsItsGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var keys []int
		src := Tap(from(1, 2, 1, 3, 2), func(int) { time.Sleep(time.Second) }) // 3 completes 2, which opens again and completes 1
		all := MergeMap(GroupBy(src, func(v int) int { return v }, 10, time.Hour, MaxGroups(2)), 100,
			func(g Group[int, int]) rxsse.Observable[int] {
				keys = append(keys, g.Key)
				return g.Items
			})
		var got []int
		for v, err := range all(t.Context()) {
			require.NoError(t, err)
			got = append(got, v)
		}
		assert.Equal(t, []int{1, 2, 3, 2}, keys)
		assert.Len(t, got, 5)
	})
	assert.PanicsWithValue(t, "operators: MaxGroups: n must be positive, got 0", func() { MaxGroups(0) })
}
