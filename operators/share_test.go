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

// A sharingCase is what subscribers of Share and of Replay(src, 2, …) see. A visit is the
// frames in which a subscriber comes and leaves.
type sharingCase struct {
	name, src string
	visits    [][2]int
	share     []string // what each subscriber sees, from its first frame on
	shared    int64    // subscriptions to src
	replay    []string
	replayed  int64
}

const untilEnd = 1000 // a visit until the stream ends

func (c sharingCase) check(t *testing.T, grace time.Duration, opts ...ShareOption) {
	t.Helper()
	share := func(src letters) letters { return Share(src, 16, OverflowBlock, opts...) }
	replay := func(src letters) letters { return Replay(src, 2, 16, OverflowBlock, opts...) }
	t.Run(c.name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			seen, subscribed := visit(t, grace, share, c.src, c.visits)
			assert.Equal(t, c.share, seen, "Share")
			assert.Equal(t, c.shared, subscribed, "Share: subscriptions to the source")
			seen, subscribed = visit(t, grace, replay, c.src, c.visits)
			assert.Equal(t, c.replay, seen, "Replay")
			assert.Equal(t, c.replayed, subscribed, "Replay: subscriptions to the source")
		})
	})
}

// visit subscribes to op(src) at the first frame of each visit and leaves at the second. It
// returns what each subscriber saw and the number of subscriptions to src. It fails the
// test if two of them overlap, or if one runs on for longer than grace after the visits.
func visit(t *testing.T, grace time.Duration, op func(letters) letters, src string, visits [][2]int) (seen []string, subscriptions int64) {
	t.Helper()
	var subscribed, active atomic.Int64
	cold := marble.Cold(src)
	shared := op(func(ctx context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			subscribed.Add(1)
			assert.EqualValues(t, 1, active.Add(1), "subscriptions at a time")
			defer active.Add(-1)
			cold(ctx)(yield)
		}
	})
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
	for _, c := range []sharingCase{
		{
			"one subscriber", "-a-b-c|",
			[][2]int{{0, untilEnd}},
			[]string{"-a-b-c|"},
			1,
			[]string{"-a-b-c|"},
			1,
		},
		{
			"two subscribers", "-a-b-c|",
			[][2]int{{0, untilEnd}, {0, untilEnd}},
			[]string{"-a-b-c|", "-a-b-c|"},
			1,
			[]string{"-a-b-c|", "-a-b-c|"},
			1,
		},
		{
			"a later subscriber", "-a-b-c-d|",
			[][2]int{{0, untilEnd}, {6, untilEnd}},
			[]string{"-a-b-c-d|", "-d|"},
			1,
			[]string{"-a-b-c-d|", "(bc)d|"},
			1,
		},
		{
			"with one item to remember", "-a---b|",
			[][2]int{{0, untilEnd}, {3, untilEnd}},
			[]string{"-a---b|", "--b|"},
			1,
			[]string{"-a---b|", "a-b|"},
			1,
		},
		{
			"after an error", "-a-b#",
			[][2]int{{0, untilEnd}, {2, untilEnd}, {9, untilEnd}},
			[]string{"-a-b#", "-b#", "-a-b#"},
			2,
			[]string{"-a-b#", "ab#", "-a-b#"},
			2,
		},
		{
			"after the end", "-a-b-c|",
			[][2]int{{0, untilEnd}, {10, untilEnd}},
			[]string{"-a-b-c|", "-a-b-c|"},
			2,
			[]string{"-a-b-c|", "(bc|)"},
			1,
		},
		{
			"the first leaves", "-a-b-c|",
			[][2]int{{0, 3}, {2, untilEnd}},
			[]string{"-a-(b!)", "-b-c|"},
			1,
			[]string{"-a-(b!)", "ab-c|"},
			1,
		},
		{
			"after all have left", "-a-b-c|",
			[][2]int{{0, 2}, {4, untilEnd}},
			[]string{"-a!", "-a-b-c|"},
			2,
			[]string{"-a!", "-a-b-c|"},
			2,
		},
	} {
		c.check(t, 0)
	}
}

// A subscriber that reads slowly delays the others with OverflowBlock only. With the other
// policies it alone misses items, or fails.
func TestSharingWithASlowSubscriber(t *testing.T) {
	for _, c := range []struct {
		overflow Overflow
		slow     []int // what the slow subscriber gets
		delayed  bool  // the fast one
		err      error // of the slow one
	}{
		{OverflowBlock, []int{0, 1, 2, 3, 4, 5}, true, nil},
		{OverflowDropOldest, []int{0, 4, 5}, false, nil},
		{OverflowDropNewest, []int{0, 1, 2}, false, nil},
		{OverflowLatest, []int{0, 5}, false, nil},
		{OverflowFail, []int{0, 1, 2}, false, &OverflowError{Operator: "Share", Limit: 2}},
	} {
		t.Run(c.overflow.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// Both subscribe before the first item: the slow one reads 0 and sleeps while 1 to 5 arrive.
				shared := Share(Take(ticking(marble.Frame), 6), 2, c.overflow, MinSubscribers(2))
				start := time.Now()
				var all sync.WaitGroup
				all.Go(func() {
					got, err := drain(t.Context(), shared)
					assert.NoError(t, err)
					assert.Equal(t, []int{0, 1, 2, 3, 4, 5}, got)
					assert.Equal(t, c.delayed, time.Since(start) > time.Second, "the slow subscriber delays the fast one")
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

// Each subscriber gets an item as soon as the item has arrived and the subscriber has
// finished the one before, whatever the speed of the others.
func TestSharingDeliversAtOnce(t *testing.T) {
	const n = 100
	for name, paces := range map[string][]time.Duration{
		"one fast":           {0},
		"one slow":           {5 * marble.Frame / 2},
		"one fast, one slow": {0, 7 * marble.Frame / 2},
		"three":              {7 * marble.Frame / 2, 5 * marble.Frame / 2, marble.Frame / 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				shared := Share(Take(ticking(marble.Frame), n), 256, OverflowBlock)
				start := time.Now()
				var all sync.WaitGroup
				for _, pace := range paces {
					all.Go(func() {
						var got, want []time.Duration // when each item is delivered
						free := time.Duration(0)
						for v, err := range shared(t.Context()) {
							assert.NoError(t, err)
							assert.Equal(t, len(got), v, "the next item")
							got = append(got, time.Since(start))
							due := max(free, time.Duration(v+1)*marble.Frame)
							want = append(want, due)
							free = due + pace
							time.Sleep(pace)
						}
						assert.Len(t, got, n)
						assert.Equal(t, want, got, "at pace %v", pace)
					})
				}
				all.Wait()
			})
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
					if carried, ok := recover().(*rxsse.PanicError); assert.True(t, ok, "a panic in the source") {
						assert.Equal(t, "boom", carried.Value)
					}
				}()
				_, _ = drain(t.Context(), shared)
			})
		}
		all.Wait()
	})
}

// The source has the context values of the first subscriber, and goes on for the others
// when that one is cancelled.
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
			assert.NoError(t, err)
			assert.Equal(t, []any{"first", "first", "first", "first", "first"}, got)
		})
		all.Wait()
	})
}

// A subscriber within the loop of another gets the items from there on. Those are then
// delivered to the outer one, too.
func TestShareInsideTheLoopOfASubscriber(t *testing.T) {
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
		assert.Equal(t, 9, outer, "items of the outer subscriber, with those that arrived meanwhile")
	})
}

// Subscribers on many goroutines come and go at the same time. Each gets consecutive items.
// There is one subscription to the source at a time, and none after the last has left.
func TestSharingFromManyGoroutines(t *testing.T) {
	for name, op := range map[string]func(rxsse.Observable[int]) rxsse.Observable[int]{
		"Share":  func(src rxsse.Observable[int]) rxsse.Observable[int] { return Share(src, 8, OverflowBlock) },
		"Replay": func(src rxsse.Observable[int]) rxsse.Observable[int] { return Replay(src, 3, 8, OverflowBlock) },
	} {
		t.Run(name, func(t *testing.T) {
			var active atomic.Int64
			shared := op(func(ctx context.Context) iter.Seq2[int, error] {
				return func(yield func(int, error) bool) {
					assert.EqualValues(t, 1, active.Add(1), "subscriptions at a time")
					defer active.Add(-1)
					endless()(ctx)(yield)
				}
			})
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					for range 200 {
						got, err := drain(t.Context(), Take(shared, 1+i))
						if !assert.NoError(t, err) || !assert.Len(t, got, 1+i) {
							return
						}
						for j := range got {
							if !assert.Equal(t, got[0]+j, got[j]) {
								return
							}
						}
					}
				})
			}
			all.Wait()
			assert.Zero(t, active.Load(), "subscriptions left")
		})
	}
}

// A subscriber whose context has ended does not start the source.
func TestShareWithACancelledContext(t *testing.T) {
	errGone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errGone)
	shared := Share(Tap(from(1), func(int) { t.Error("the source runs") }), 1, OverflowBlock)
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
