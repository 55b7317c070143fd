package operators

import (
	"context"
	"iter"
	"math/rand/v2"
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

func TestMinSubscribers(t *testing.T) {
	for _, c := range []sharingCase{
		{
			"the second starts it", "-a-b|",
			[][2]int{{0, untilEnd}, {5, untilEnd}},
			[]string{"------a-b|", "-a-b|"},
			1,
			[]string{"------a-b|", "-a-b|"},
			1,
		},
		{
			"no other subscriber", "-a-b|",
			[][2]int{{0, 5}},
			[]string{"-----!"},
			0,
			[]string{"-----!"},
			0,
		},
		{
			"one that has left does not count", "-a-b|",
			[][2]int{{0, 3}, {5, untilEnd}, {8, untilEnd}},
			[]string{"---!", "----a-b|", "-a-b|"},
			1,
			[]string{"---!", "----a-b|", "-a-b|"},
			1,
		},
		{
			"one more while it runs", "-a-b|",
			[][2]int{{0, untilEnd}, {0, untilEnd}, {2, untilEnd}},
			[]string{"-a-b|", "-a-b|", "-b|"},
			1,
			[]string{"-a-b|", "-a-b|", "ab|"},
			1,
		},
		{
			"one leaves while it runs", "-a-b|",
			[][2]int{{0, 2}, {0, untilEnd}},
			[]string{"-a!", "-a-b|"},
			1,
			[]string{"-a!", "-a-b|"},
			1,
		},
		{
			"after the end", "-a-b|",
			[][2]int{{0, untilEnd}, {0, untilEnd}, {6, 9}},
			[]string{"-a-b|", "-a-b|", "---!"},
			1,
			[]string{"-a-b|", "-a-b|", "(ab|)"},
			1,
		},
		{
			"after an error", "-a#",
			[][2]int{{0, untilEnd}, {3, untilEnd}, {6, untilEnd}, {8, untilEnd}},
			[]string{"----a#", "-a#", "---a#", "-a#"},
			2,
			[]string{"----a#", "-a#", "---a#", "-a#"},
			2,
		},
		{
			"after all have left", "-a-b|",
			[][2]int{{0, 2}, {0, 2}, {4, untilEnd}, {5, untilEnd}},
			[]string{"-a!", "-a!", "--a-b|", "-a-b|"},
			2,
			[]string{"-a!", "-a!", "--a-b|", "-a-b|"},
			2,
		},
	} {
		c.check(t, 0, MinSubscribers(2))
	}
}

// A pipeline that reads a stream twice loses nothing, however fast the stream is.
func TestMinSubscribersLoseNothing(t *testing.T) {
	const n = 50
	for range 200 {
		shared := Share(Take(endless(), n), 4, OverflowBlock, MinSubscribers(3))
		all, err := drain(t.Context(), Merge(shared, shared, shared)) //nolint:gocritic // the same stream several times
		require.NoError(t, err)
		require.Len(t, all, 3*n)
	}
}

// The source runs under the values of the subscriber that starts it.
func TestMinSubscribersValues(t *testing.T) {
	type key struct{}
	src := func(ctx context.Context) iter.Seq2[any, error] {
		return func(yield func(any, error) bool) { yield(ctx.Value(key{}), ctx.Err()) }
	}
	synctest.Test(t, func(t *testing.T) {
		shared := Share(src, 1, OverflowBlock, MinSubscribers(2))
		first, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "first"))
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() { _, _ = drain(first, shared) })
		synctest.Wait()
		got, err := drain(context.WithValue(t.Context(), key{}, "second"), shared)
		require.NoError(t, err)
		assert.Equal(t, []any{"second"}, got)
		all.Wait()
	})
}

// A panic of the source reaches all that have waited for it.
func TestMinSubscribersPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := Share(panicking(), 1, OverflowBlock, MinSubscribers(3))
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { assert.Equal(t, "boom", panicOf(t.Context(), shared)) })
		}
		all.Wait()
	})
}

// panicking is a source that panics at once.
func panicking() rxsse.Observable[int] {
	return func(context.Context) iter.Seq2[int, error] {
		return func(func(int, error) bool) { panic("boom") }
	}
}

// panicOf returns the value of the panic that a range over src raises, or nil.
func panicOf[T any](ctx context.Context, src rxsse.Observable[T]) (value any) {
	defer func() {
		if carried, ok := recover().(*rxsse.PanicError); ok {
			value = carried.Value
		}
	}()
	_, _ = drain(ctx, src)
	return nil
}

func TestGracePeriod(t *testing.T) {
	const grace = 4 * marble.Frame
	for _, c := range []sharingCase{
		{
			"the next comes in time", "-a-b-c-d-e|",
			[][2]int{{0, 4}, {6, untilEnd}},
			[]string{"-a-b!", "-d-e|"},
			1,
			[]string{"-a-b!", "(bc)d-e|"},
			1,
		},
		{
			"the next comes too late", "-a-b-c-d-e|",
			[][2]int{{0, 2}, {7, untilEnd}},
			[]string{"-a!", "-a-b-c-d-e|"},
			2,
			[]string{"-a!", "-a-b-c-d-e|"},
			2,
		},
		{
			"five readers, one after the other", "-a-b-c-d-e|",
			[][2]int{{0, 1}, {2, 3}, {4, 5}, {6, 7}, {8, untilEnd}},
			[]string{"-(a!)", "-(b!)", "-(c!)", "-(d!)", "-e|"},
			1,
			[]string{"-(a!)", "a(b!)", "(ab)(c!)", "(bc)(d!)", "(cd)e|"},
			1,
		},
		{
			"it starts again each time", "-a--------b|",
			[][2]int{{0, 1}, {4, 5}, {8, untilEnd}},
			[]string{"-(a!)", "-!", "--b|"},
			1,
			[]string{"-(a!)", "a!", "a-b|"},
			1,
		},
		{
			"it completes meanwhile", "-a-b|",
			[][2]int{{0, 2}, {5, untilEnd}},
			[]string{"-a!", "-a-b|"},
			2,
			[]string{"-a!", "(ab|)"},
			1,
		},
		{
			"it fails meanwhile", "-a-b#",
			[][2]int{{0, 2}, {5, untilEnd}},
			[]string{"-a!", "-a-b#"},
			2,
			[]string{"-a!", "-a-b#"},
			2,
		},
		{
			"not all have left", "-a-b-c-d-e|",
			[][2]int{{0, untilEnd}, {0, 2}},
			[]string{"-a-b-c-d-e|", "-a!"},
			1,
			[]string{"-a-b-c-d-e|", "-a!"},
			1,
		},
	} {
		c.check(t, grace, GracePeriod(grace))
	}
}

// In the grace period one subscriber is enough, after it the number counts again.
func TestGracePeriodWithMinSubscribers(t *testing.T) {
	const grace = 4 * marble.Frame
	sharingCase{
		"in time, and too late", "-a-b-c-d-e-f|",
		[][2]int{{0, 2}, {0, 2}, {4, 6}, {12, 14}},
		[]string{"-a!", "-a!", "-c!", "--!"},
		1,
		[]string{"-a!", "-a!", "(ab)c!", "--!"},
		1,
	}.check(t, grace, GracePeriod(grace), MinSubscribers(2))
}

// A watched source delivers its items a frame apart and keeps when it ended.
type watched struct {
	subscribed, active atomic.Int64
	ended              time.Time
}

func (w *watched) source(ctx context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		w.subscribed.Add(1)
		w.active.Add(1)
		defer func() {
			w.ended = time.Now()
			w.active.Add(-1)
		}()
		ticking(marble.Frame)(ctx)(yield)
	}
}

// However the last subscriber leaves, the source runs for the grace period and not
// longer. The bubble sees a goroutine that is left.
func TestGracePeriodIsTheBound(t *testing.T) {
	const grace = 100*marble.Frame + marble.Frame/2
	for name, leave := range map[string]func(context.Context, rxsse.Observable[int]){
		"break": func(ctx context.Context, src rxsse.Observable[int]) {
			for range src(ctx) {
				break
			}
		},
		"cancel": func(ctx context.Context, src rxsse.Observable[int]) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			for range src(ctx) {
				cancel()
			}
		},
		"cancel while it waits": func(ctx context.Context, src rxsse.Observable[int]) {
			ctx, cancel := context.WithTimeout(ctx, marble.Frame/2)
			defer cancel()
			for range src(ctx) {
			}
		},
		"panic": func(ctx context.Context, src rxsse.Observable[int]) {
			defer func() { _ = recover() }()
			for range src(ctx) {
				panic("leaves")
			}
		},
		"Take": func(ctx context.Context, src rxsse.Observable[int]) { _, _ = drain(ctx, Take(src, 2)) },
		"a full queue": func(ctx context.Context, src rxsse.Observable[int]) {
			for range src(ctx) {
				time.Sleep(20 * marble.Frame)
				break
			}
		},
	} {
		for _, overflow := range []Overflow{OverflowBlock, OverflowDropOldest} {
			t.Run(name+"/"+overflow.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var w watched
					leave(t.Context(), Share(w.source, 1, overflow, GracePeriod(grace)))
					left := time.Now()
					time.Sleep(grace - 1)
					synctest.Wait()
					require.EqualValues(t, 1, w.active.Load(), "it runs until the end of the grace period")
					time.Sleep(1) //nolint:staticcheck // the shortest time
					synctest.Wait()
					require.Zero(t, w.active.Load(), "sources left")
					assert.Equal(t, grace, w.ended.Sub(left))
				})
			})
		}
	}
}

// A subscriber that arrives exactly at the end of the grace period is always too late, and so
// is the completion of the source.
func TestGracePeriodTies(t *testing.T) {
	const grace = 4 * marble.Frame
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			var w watched
			shared := Share(w.source, 4, OverflowBlock, GracePeriod(grace))
			for range 3 {
				got, err := drain(t.Context(), Take(shared, 1))
				require.NoError(t, err)
				require.Equal(t, []int{0}, got)
				time.Sleep(grace)
			}
			require.EqualValues(t, 3, w.subscribed.Load())
		})
		synctest.Test(t, func(t *testing.T) {
			replay := Replay(Take(ticking(marble.Frame), 5), 1, 4, OverflowBlock, GracePeriod(grace))
			_, err := drain(t.Context(), Take(replay, 1))
			require.NoError(t, err)
			time.Sleep(2 * grace)
			got, err := drain(t.Context(), replay)
			require.NoError(t, err)
			require.Equal(t, []int{0, 1, 2, 3, 4}, got, "the completion came too late to be remembered")
		})
	}
}

// A panic without subscribers reaches the next one, and no other.
func TestGracePeriodPanic(t *testing.T) {
	const grace = 4 * marble.Frame
	meanwhile := func(int) rxsse.Observable[int] {
		return Map(ticking(2*marble.Frame), func(v int) int {
			if v == 1 {
				panic("boom")
			}
			return v
		})
	}
	asItEnds := func(int) rxsse.Observable[int] {
		return func(ctx context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				yield(0, nil)
				<-ctx.Done()
				panic("boom")
			}
		}
	}
	for name, src := range map[string]func(int) rxsse.Observable[int]{"meanwhile": meanwhile, "as it ends": asItEnds} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var runs atomic.Int64
				shared := Replay(func(ctx context.Context) iter.Seq2[int, error] {
					if runs.Add(1) == 1 {
						return src(0)(ctx)
					}
					return from(7)(ctx)
				}, 1, 1, OverflowBlock, GracePeriod(grace))
				got, err := drain(t.Context(), Take(shared, 1))
				require.NoError(t, err)
				require.Equal(t, []int{0}, got)
				time.Sleep(2 * grace)
				require.Equal(t, "boom", panicOf(t.Context(), shared))
				got, err = drain(t.Context(), shared)
				require.NoError(t, err)
				require.Equal(t, []int{7}, got)
				require.EqualValues(t, 2, runs.Load())
			})
		})
	}
}

// A panic that occurs as the last subscriber leaves reaches it, or the next one.
func TestGracePeriodLosesNoPanic(t *testing.T) {
	for range 2000 {
		shared := Share(func(context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for i := range 3 {
					yield(i, nil)
				}
				panic("boom")
			}
		}, 1, OverflowBlock, GracePeriod(time.Hour))
		first := panicOf(t.Context(), Take(shared, 1))
		second := panicOf(t.Context(), shared)
		require.True(t, first == "boom" || second == "boom", "the panic is lost")
	}
}

// Subscribers come and go at random; each sees consecutive items, one source runs at a
// time, and it is gone after the grace period.
func TestGracePeriodFromManyGoroutines(t *testing.T) {
	const grace = 50 * time.Microsecond
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			var subscribed, active atomic.Int64
			src := rxsse.Observable[int](func(ctx context.Context) iter.Seq2[int, error] {
				return func(yield func(int, error) bool) {
					subscribed.Add(1)
					assert.EqualValues(t, 1, active.Add(1))
					defer active.Add(-1)
					ticking(10 * time.Microsecond)(ctx)(yield)
				}
			})
			shared := Replay(src, 3, 8, OverflowBlock, GracePeriod(grace))
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					for range 50 {
						time.Sleep(time.Duration(rand.Int64N(1000)) * time.Microsecond)
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
			time.Sleep(grace)
			synctest.Wait()
			assert.Zero(t, active.Load(), "sources left")
			assert.Less(t, subscribed.Load(), int64(8*50))
		})
	}
}

// A diamond keeps the contract as one stream: whatever ends it, both of its branches
// leave, and the source is gone.
func TestContractOfMinSubscribers(t *testing.T) {
	type ints = rxsse.Observable[int]
	for name, share := range map[string]func(ints) ints{
		"Share":  func(src ints) ints { return Share(src, 4, OverflowBlock, MinSubscribers(2)) },
		"Replay": func(src ints) ints { return Replay(src, 2, 4, OverflowBlock, MinSubscribers(2)) },
	} {
		diamond := func(src ints) ints {
			return func(ctx context.Context) iter.Seq2[int, error] {
				shared := share(src)
				return Zip(shared, shared, func(a, b int) int { return a + b })(ctx)
			}
		}
		t.Run(name, rxssetest.Operator[int, int]{Apply: diamond, Items: []int{1, 2, 3}}.Check)
	}
}

func TestShareOptionArguments(t *testing.T) {
	assert.PanicsWithValue(t, "operators: MinSubscribers: n must be positive, got 0", func() { MinSubscribers(0) })
	assert.PanicsWithValue(t, "operators: GracePeriod: d must be positive, got 0s", func() { GracePeriod(0) })
}
