package operators

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/marble"
)

// busily records each item with the frame in which it is delivered, such as "a@3". The
// consumer is then busy for the number of frames given for the item.
func busily(ctx context.Context, obs letters, busy map[string]int) string {
	start := time.Now()
	var seen []string
	for v, err := range obs(ctx) {
		at := time.Since(start) / marble.Frame
		if err != nil {
			return strings.Join(append(seen, fmt.Sprintf("#@%d", at)), " ")
		}
		seen = append(seen, fmt.Sprintf("%s@%d", v, at))
		time.Sleep(time.Duration(busy[v]) * marble.Frame)
	}
	return strings.Join(append(seen, fmt.Sprintf("|@%d", time.Since(start)/marble.Frame)), " ")
}

// Items that arrive while the consumer is busy are delivered as early as possible.
func TestDelayWithABusyConsumer(t *testing.T) {
	for _, c := range []struct {
		src, want string
		busy      map[string]int
	}{
		{"a----b----------------|", "a@3 b@13 |@25", map[string]int{"a": 10}},
		{"a-----------b---------|", "a@3 b@15 |@25", map[string]int{"a": 10}},
		{"a----b--c-------------|", "a@3 b@13 c@16 |@25", map[string]int{"a": 10, "b": 3}},
		{"a----b----|", "a@3 b@13 |@13", map[string]int{"a": 10}},
		{"a----b----#", "a@3 b@13 #@13", map[string]int{"a": 10}},
		{"abcdef|", "a@3 b@5 c@7 d@9 e@11 f@13 |@15", map[string]int{"a": 2, "b": 2, "c": 2, "d": 2, "e": 2, "f": 2}},
	} {
		synctest.Test(t, func(t *testing.T) {
			assert.Equal(t, c.want, busily(t.Context(), Delay(marble.Cold(c.src), 3*marble.Frame), c.busy), c.src)
		})
	}
}

// An item that arrives at the moment when the consumer becomes busy is not delayed because
// the next item is due when the consumer returns.
func TestDelayOfAnItemThatArrivesAsTheConsumerBecomesBusy(t *testing.T) {
	busy := map[string]int{"a": 3, "b": 3, "c": 3, "d": 3, "e": 3, "f": 3}
	for range 100 { // the scheduler decides which one is first at frame 20
		synctest.Test(t, func(t *testing.T) {
			src := marble.Cold("-a----b----c----d--ef--|")
			require.Equal(t, "a@5 b@10 c@15 d@20 e@23 f@26 |@29", busily(t.Context(), Delay(src, 4*marble.Frame), busy))
		})
	}
}

// A consumer that keeps up never sees an item much later than it should.
func TestDelayWithAConsumerThatJustKeepsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		for v, err := range Delay(Take(ticking(100*time.Millisecond), 1000), time.Second)(t.Context()) {
			require.NoError(t, err)
			came := time.Duration(v+1) * 100 * time.Millisecond
			require.Equal(t, time.Second, time.Since(start)-came, "item %d", v)
			time.Sleep(90 * time.Millisecond)
		}
	})
}

// An item exactly at the deadline, and a consumer that is busy from then on.
func TestTiesWithABusyConsumer(t *testing.T) {
	for name, c := range map[string]struct {
		op        func(letters) letters
		src, want string
	}{
		"Debounce": {func(src letters) letters { return Debounce(src, 3*marble.Frame) }, "a--bc---------------|", "a@3 c@16 |@20"},
		"Audit":    {func(src letters) letters { return Audit(src, 3*marble.Frame) }, "a--bc---------------|", "a@3 c@16 |@20"},
		"Sample":   {func(src letters) letters { return Sample(src, 3*marble.Frame) }, "-a-b----------------|", "a@3 b@15 |@20"},
	} {
		t.Run(name, func(t *testing.T) {
			for range ties {
				synctest.Test(t, func(t *testing.T) {
					require.Equal(t, c.want, busily(t.Context(), c.op(marble.Cold(c.src)), map[string]int{"a": 10}))
				})
			}
		})
	}
}

// A window closes at its end, regardless of how long the user's functions took before.
func TestWindowWithASlowFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		slow := func(n int, _ string) int { time.Sleep(2 * time.Second); return n + 1 }
		for _, err := range Aggregate(marble.Cold("-a"), Tumbling(5*time.Second), func() int { return 0 }, slow)(t.Context()) {
			require.NoError(t, err)
			assert.Equal(t, 5*time.Second, time.Since(start))
			break
		}
	})
}

// An error ends the other calls even if the consumer is busy.
func TestParallelUnorderedErrorWithABusyConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		errBoom := errors.New("boom")
		var ended time.Duration
		f := func(ctx context.Context, v int) (int, error) {
			switch v {
			case 1:
				return 1, nil
			case 2:
				time.Sleep(time.Second)
				return 0, errBoom
			default:
				<-ctx.Done()
				ended = time.Since(start)
				return 3, nil
			}
		}
		var got []int
		for v, err := range ParallelUnordered(from(1, 2, 3), 3, f)(t.Context()) {
			if err != nil {
				assert.Equal(t, errBoom, err)
				break
			}
			got = append(got, v)
			time.Sleep(10 * time.Second)
		}
		assert.Equal(t, []int{1}, got)
		assert.Equal(t, time.Second, ended)
	})
}

// A key whose items were routed while src waited for the consumer lives as long with two of
// them as with one.
func TestGroupByWithABusyConsumer(t *testing.T) {
	for _, items := range [][]string{{"X1"}, {"X1", "X2"}} {
		synctest.Test(t, func(t *testing.T) {
			pushed := make(chan struct{})
			src := letters(func(context.Context) iter.Seq2[string, error] {
				return func(yield func(string, error) bool) {
					for i := range maxUntaken {
						yield(fmt.Sprint("k", i), nil)
					}
					time.Sleep(time.Millisecond)
					yield("wait", nil)
					time.Sleep(time.Millisecond)
					for _, v := range items {
						yield(v, nil)
					}
					close(pushed)
					time.Sleep(11 * time.Second)
					yield("X3", nil)
				}
			})
			key := func(v string) string {
				if v == "wait" {
					<-pushed // the next items are one batch
				}
				if strings.HasPrefix(v, "X") {
					return "X"
				}
				return v
			}
			groups := 0
			for g, err := range GroupBy(src, key, 16, 5*time.Second)(t.Context()) {
				require.NoError(t, err)
				if g.Key == "k0" {
					time.Sleep(10 * time.Second)
				}
				if g.Key == "X" {
					groups++
				}
			}
			assert.Equal(t, 1, groups, "%q", items)
		})
	}
}

// Windows stay in order even if they are far apart.
func TestWindowsFarApart(t *testing.T) {
	far, old := time.Date(2115, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1824, 1, 1, 0, 0, 0, 0, time.UTC)
	src := from(far, old, old)
	last := time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC)
	windows := 0
	for w, err := range Window(src, EventTime[time.Time]{
		Assigner:   Sliding(10*time.Hour, time.Hour),
		Timestamp:  func(t time.Time) time.Time { return t },
		OutOfOrder: math.MaxInt64,
	})(t.Context()) {
		require.NoError(t, err)
		require.True(t, w.Start.After(last), "%v after %v", w.Start, last)
		last = w.Start
		windows++
	}
	assert.Equal(t, 20, windows)
}
