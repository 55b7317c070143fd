package operators

import (
	"context"
	"errors"
	"iter"
	"sync"
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

// sharing runs subscribers that come, and leave, at the given frames, and returns
// what each of them saw, from frame 0 on, and how often src was subscribed to.
func sharing(t *testing.T, op func(letters) letters, src string, visits ...[2]int) (seen []string, subscriptions int64) {
	t.Helper()
	return sharingUntil(t, 0, op, src, visits...)
}

// sharingUntil is sharing that allows src to run for grace after the last subscriber.
func sharingUntil(t *testing.T, grace time.Duration, op func(letters) letters, src string, visits ...[2]int) (seen []string, subscriptions int64) {
	t.Helper()
	var subscribed, active atomic.Int64
	cold := marble.Cold(src)
	counted := letters(func(ctx context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			subscribed.Add(1)
			assert.EqualValues(t, 1, active.Add(1), "subscriptions at a time")
			defer active.Add(-1)
			cold(ctx)(yield)
		}
	})
	shared := op(counted)
	require.Zero(t, subscribed.Load(), "subscriptions before the first subscriber")
	seen = make([]string, len(visits))
	var all sync.WaitGroup
	for i, visit := range visits {
		all.Go(func() {
			time.Sleep(time.Duration(visit[0]) * marble.Frame)
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(visit[1]-visit[0])*marble.Frame+marble.Frame/2)
			defer cancel()
			seen[i] = marble.Record(ctx, shared)
		})
	}
	all.Wait()
	if grace > 0 {
		time.Sleep(grace)
		synctest.Wait()
	}
	assert.Zero(t, active.Load(), "subscriptions left")
	return seen, subscribed.Load()
}

func TestSharing(t *testing.T) {
	const long = 1000
	share := func(src letters) letters { return Share(src, 16, OverflowBlock) }
	replay := func(src letters) letters { return Replay(src, 2, 16, OverflowBlock) }
	for _, c := range []struct {
		name, src string
		visits    [][2]int
		share     []string // from when each subscriber came
		shared    int64
		replay    []string
		replayed  int64
	}{
		{
			"alone", "-a-b-c|",
			[][2]int{{0, long}},
			[]string{"-a-b-c|"},
			1,
			[]string{"-a-b-c|"},
			1,
		},
		{
			"at once", "-a-b-c|",
			[][2]int{{0, long}, {0, long}},
			[]string{"-a-b-c|", "-a-b-c|"},
			1,
			[]string{"-a-b-c|", "-a-b-c|"},
			1,
		},
		{
			"a late one", "-a-b-c-d|",
			[][2]int{{0, long}, {6, long}},
			[]string{"-a-b-c-d|", "-d|"},
			1,
			[]string{"-a-b-c-d|", "(bc)d|"},
			1,
		},
		{
			"before there is much to remember", "-a---b|",
			[][2]int{{0, long}, {3, long}},
			[]string{"-a---b|", "--b|"},
			1,
			[]string{"-a---b|", "a-b|"},
			1,
		},
		{
			"an error", "-a-b#",
			[][2]int{{0, long}, {2, long}, {9, long}},
			[]string{"-a-b#", "-b#", "-a-b#"},
			2,
			[]string{"-a-b#", "ab#", "-a-b#"},
			2,
		},
		{
			"after the end", "-a-b-c|",
			[][2]int{{0, long}, {10, long}},
			[]string{"-a-b-c|", "-a-b-c|"},
			2,
			[]string{"-a-b-c|", "(bc|)"},
			1,
		},
		{
			"the first leaves", "-a-b-c|",
			[][2]int{{0, 3}, {2, long}},
			[]string{"-a-(b!)", "-b-c|"},
			1,
			[]string{"-a-(b!)", "ab-c|"},
			1,
		},
		{
			"all leave, another comes", "-a-b-c|",
			[][2]int{{0, 2}, {4, long}},
			[]string{"-a!", "-a-b-c|"},
			2,
			[]string{"-a!", "-a-b-c|"},
			2,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen, subscribed := sharing(t, share, c.src, c.visits...)
				assert.Equal(t, c.share, seen, "Share")
				assert.Equal(t, c.shared, subscribed, "Share: subscriptions to the source")
				seen, subscribed = sharing(t, replay, c.src, c.visits...)
				assert.Equal(t, c.replay, seen, "Replay")
				assert.Equal(t, c.replayed, subscribed, "Replay: subscriptions to the source")
			})
		})
	}
}

// What a subscriber that does not read for a while costs itself, and the others.
func TestSharingWithASlowSubscriber(t *testing.T) {
	for _, c := range []struct {
		overflow   Overflow
		fast, slow []int
		delayed    bool
		err        error
	}{
		{OverflowBlock, []int{0, 1, 2, 3, 4, 5}, []int{0, 1, 2, 3, 4, 5}, true, nil},
		{OverflowDropOldest, []int{0, 1, 2, 3, 4, 5}, []int{0, 4, 5}, false, nil},
		{OverflowDropNewest, []int{0, 1, 2, 3, 4, 5}, []int{0, 1, 2}, false, nil},
		{OverflowLatest, []int{0, 1, 2, 3, 4, 5}, []int{0, 5}, false, nil},
		{OverflowFail, []int{0, 1, 2, 3, 4, 5}, []int{0, 1, 2}, false, &OverflowError{Operator: "Share", Limit: 2}},
	} {
		t.Run(c.overflow.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				shared := Share(Delay(Take(ticking(marble.Frame), 6), marble.Frame), 2, c.overflow)
				start := time.Now()
				var all sync.WaitGroup
				all.Go(func() {
					got, err := drain(t.Context(), shared)
					require.NoError(t, err)
					assert.Equal(t, c.fast, got)
					assert.Equal(t, c.delayed, time.Since(start) > time.Second, "the slow one holds the fast one up")
				})
				all.Go(func() {
					got, err := drain(t.Context(), slowly(shared, time.Second))
					assert.Equal(t, c.err, err)
					assert.Equal(t, c.slow, got)
				})
				all.Wait()
			})
		})
	}
}

// Each subscriber has an item as soon as that is there and the subscriber has dealt
// with the one before, whatever the others are doing.
func TestShareHoldsNothingBackFromThoseWhoWait(t *testing.T) {
	const n = 100
	for _, paces := range [][]time.Duration{
		{0},
		{5 * marble.Frame / 2},
		{0, 7 * marble.Frame / 2},
		{7 * marble.Frame / 2, 5 * marble.Frame / 2, marble.Frame / 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			shared := Share(Take(ticking(marble.Frame), n), 256, OverflowBlock)
			start := time.Now()
			var all sync.WaitGroup
			for _, pace := range paces {
				all.Go(func() {
					next, due := 0, time.Duration(0)
					for v, err := range shared(t.Context()) {
						require.NoError(t, err)
						require.Equal(t, next, v)
						due = max(due, time.Duration(v+1)*marble.Frame)
						require.Equal(t, due, time.Since(start), "item %d at pace %v among %v", v, pace, paces)
						time.Sleep(pace)
						due += pace
						next++
					}
					assert.Equal(t, n, next)
				})
			}
			all.Wait()
		})
	}
}

// ticking delivers 0, 1, 2, … d apart.
func ticking(d time.Duration) rxsse.Observable[int] {
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := 0; ; i++ {
				select {
				case <-time.After(d):
				case <-ctx.Done():
					yield(0, context.Cause(ctx))
					return
				}
				if !yield(i, nil) {
					return
				}
			}
		}
	}
}

func TestSharePanicReachesAllSubscribers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := Share(Map(Take(ticking(marble.Frame), 3), func(int) int { panic("boom") }), 1, OverflowBlock)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				defer func() {
					carried, ok := recover().(*rxsse.PanicError)
					assert.True(t, ok)
					assert.Equal(t, "boom", carried.Value)
				}()
				_, _ = drain(t.Context(), shared)
				t.Error("it must panic")
			})
		}
		all.Wait()
	})
}

// The source sees the first subscriber's values and outlives its cancellation.
func TestShareRunsUnderTheFirstSubscribersValues(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		src := rxsse.Observable[any](func(ctx context.Context) iter.Seq2[any, error] {
			return func(yield func(any, error) bool) {
				for yield(ctx.Value(key{}), ctx.Err()) {
					time.Sleep(time.Second)
				}
			}
		})
		shared := Share(src, 1, OverflowBlock)
		first, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "first"), 3*time.Second)
		defer cancel()
		second := context.WithValue(t.Context(), key{}, "second")
		var all sync.WaitGroup
		all.Go(func() {
			_, err := drain(first, shared)
			assert.Equal(t, context.DeadlineExceeded, err)
		})
		all.Go(func() {
			time.Sleep(time.Second / 2)
			got, err := drain(second, Take(shared, 5))
			require.NoError(t, err)
			assert.Equal(t, []any{"first", "first", "first", "first", "first"}, got)
		})
		all.Wait()
	})
}

// A subscriber inside another one's loop gets the items from there on.
func TestShareIsSubscribedToInsideItsOwnLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := Share(ticking(marble.Frame), 100, OverflowBlock)
		var inner []int
		outer := 0
		for v, err := range shared(t.Context()) {
			require.NoError(t, err)
			if outer++; v == 2 {
				inner, err = drain(t.Context(), Take(shared, 3))
				require.NoError(t, err)
			}
			if v == 8 {
				break
			}
		}
		assert.Equal(t, []int{3, 4, 5}, inner)
		assert.Equal(t, 9, outer, "what came meanwhile has waited")
	})
}

// Subscribers come and go at random, at once; every one of them sees consecutive
// items, and once they are gone so is the source.
func TestShareFromManyGoroutines(t *testing.T) {
	var active atomic.Int64
	src := rxsse.Observable[int](func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			assert.EqualValues(t, 1, active.Add(1))
			defer active.Add(-1)
			endless()(ctx)(yield)
		}
	})
	for name, shared := range map[string]rxsse.Observable[int]{
		"Share": Share(src, 8, OverflowBlock), "Replay": Replay(src, 3, 8, OverflowBlock),
	} {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for range 200 {
					got, err := drain(t.Context(), Take(shared, 1+i))
					if !assert.NoError(t, err) || !assert.Len(t, got, 1+i, name) {
						return
					}
					for j := range got {
						if !assert.Equal(t, got[0]+j, got[j], name) {
							return
						}
					}
				}
			})
		}
		all.Wait()
		assert.Zero(t, active.Load(), name)
	}
}

func TestShareThatIsCancelledBeforeSubscribesToNothing(t *testing.T) {
	errGone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errGone)
	shared := Share(Tap(from(1), func(int) { t.Error("it runs") }), 1, OverflowBlock)
	got, err := drain(ctx, shared)
	assert.Empty(t, got)
	assert.Equal(t, errGone, err)
}

func TestContractOfSharing(t *testing.T) {
	type ints = rxsse.Observable[int]
	for name, apply := range map[string]func(ints) ints{
		"Share":  func(src ints) ints { return Share(src, 4, OverflowBlock) },
		"Replay": func(src ints) ints { return Replay(src, 2, 4, OverflowFail) },
	} {
		t.Run(name, rxssetest.Operator[int, int]{Apply: apply, Items: []int{1, 2, 3}, Shares: true}.Check)
	}
}

func TestSharingArguments(t *testing.T) {
	assert.PanicsWithValue(t, "operators: Share: n must be positive, got 0", func() { Share(from(1), 0, OverflowBlock) })
	assert.PanicsWithValue(t, "operators: Replay: remember must be positive, got 0", func() { Replay(from(1), 0, 1, OverflowBlock) })
	assert.PanicsWithValue(t, "operators: Replay: n must be positive, got -1", func() { Replay(from(1), 1, -1, OverflowBlock) })
}
