package operators

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/lru"
	"github.com/rxsse/rxsse/internal/window"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func groups(src rxsse.Observable[string], n int, idle time.Duration) rxsse.Observable[Group[string, string]] {
	return GroupBy(src, byLetter, n, idle)
}

// recordGroups records the groups of a stream, each from the beginning of the stream and on
// its own goroutine, and how the stream itself ended.
func recordGroups(ctx context.Context, t *testing.T, src rxsse.Observable[Group[string, string]]) (diagrams []string, failure error) {
	t.Helper()
	start := time.Now()
	var readers sync.WaitGroup
	var mu sync.Mutex
	for g, err := range src(ctx) {
		if err != nil {
			failure = err
			break
		}
		mu.Lock()
		at := len(diagrams)
		diagrams = append(diagrams, "")
		mu.Unlock()
		before := fmt.Sprintf("%s@%d ", g.Key, time.Since(start)/marble.Frame)
		readers.Go(func() {
			d := before + marble.Record(context.WithoutCancel(ctx), g.Items)
			mu.Lock()
			defer mu.Unlock()
			diagrams[at] = d
		})
		synctest.Wait() // the reader has started before anything else happens
	}
	readers.Wait()
	return diagrams, failure
}

func TestGroupBy(t *testing.T) {
	for _, row := range []struct {
		name, src, failure string
		want               []string
	}{
		{"groups by key", "-[a1]--[b1]--[a2]---[b2]-[a3]--|", "", []string{"a@1 [a1]-----[a2]-----[a3]--|", "b@4 [b1]------[b2]----|"}},
		{"an error is every group's and the stream's", "-[a1]-[b1]-#", marble.Err.Error(), []string{"a@1 [a1]---#", "b@3 [b1]-#"}},
		{"a silent key completes, and comes again", "[a1][b1]--[b2]-[b3]--------[b4][a2]|", "", []string{
			"a@0 [a1]-------|", "b@1 [b1]--[b2]-[b3]-------|", "b@15 [b4]-|", "a@16 [a2]|",
		}},
		{"nothing comes of nothing", "----|", "", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := recordGroups(t.Context(), t, groups(marble.Cold(row.src), 8, 8*marble.Frame))
				assert.Equal(t, row.want, got)
				if row.failure == "" {
					assert.NoError(t, err)
				} else {
					assert.EqualError(t, err, row.failure)
				}
			})
		})
	}
}

func TestGroupByContract(t *testing.T) {
	self := func(v int) int { return v }
	rxssetest.Operator[int, Group[int, int]]{
		Apply: func(src rxsse.Observable[int]) rxsse.Observable[Group[int, int]] {
			return GroupBy(src, self, 8, time.Second, MaxGroups(4))
		},
		Panicking: func(src rxsse.Observable[int], v any) rxsse.Observable[Group[int, int]] {
			return GroupBy(src, func(int) int { panic(v) }, 8, time.Second)
		},
		Items: []int{1, 2, 3, 4, 5, 6},
	}.Check(t)
}

// An item that arrives at the exact instant at which its key has been silent for idle opens
// a new group.
func TestGroupByTies(t *testing.T) {
	for range ties {
		synctest.Test(t, func(t *testing.T) {
			got, err := recordGroups(t.Context(), t, groups(marble.Cold("a--a--a-|"), 8, 3*marble.Frame))
			require.NoError(t, err)
			require.Equal(t, []string{"a@0 a--|", "a@3 a--|", "a@6 a-|"}, got)
		})
	}
}

// A group can be read where it is delivered, in the body of the loop.
func TestGroupByReadInTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		for g, err := range groups(marble.Cold("abacab|"), 8, 5*marble.Frame)(t.Context()) {
			require.NoError(t, err)
			got = append(got, collect(t, g.Items)...)
		}
		assert.Equal(t, []string{"a", "a", "a", "b", "b", "c"}, got)
	})
}

// While more new keys arrive than the consumer can handle, the group that it reads falls
// silent and completes.
func TestGroupByManyGroupsWhileOneIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items := make([]int, 3*maxUntaken)
		for i := range items {
			items[i] = i
		}
		got := 0
		for g, err := range GroupBy(from(items...), func(v int) int { return v }, 8, time.Minute)(t.Context()) {
			require.NoError(t, err)
			got += len(collect(t, g.Items))
		}
		assert.Equal(t, len(items), got)
	})
}

func TestGroupByUnreadGroupsBlockNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys, each = 10, 1000
		items := make([]int, keys*each)
		for i := range items {
			items[i] = i
		}
		byKey := map[int]rxsse.Observable[int]{}
		read := 0
		var reader sync.WaitGroup
		for g, err := range GroupBy(from(items...), func(v int) int { return v % keys }, each/2, time.Minute)(t.Context()) {
			require.NoError(t, err)
			if byKey[g.Key] = g.Items; g.Key == 3 {
				reader.Go(func() { read = len(collect(t, g.Items)) })
				synctest.Wait()
			}
		}
		reader.Wait()
		assert.Equal(t, each, read)
		assert.Len(t, byKey, keys)

		var unread *GroupError
		for _, err := range byKey[7](t.Context()) {
			require.ErrorAs(t, err, &unread)
		}
		require.NotNil(t, unread)
		assert.Equal(t, 7, unread.Key)
		require.ErrorIs(t, unread, ErrGroupUnread)
		assert.EqualError(t, unread, "operators: GroupBy: group 7: dropped because its buffer was full and it had no reader; read groups as they are delivered, or buffer more items")
	})
}

func TestGroupByHoldsWhatIsReadLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []Group[string, string]
		for g, err := range groups(marble.Cold("abaab|"), 3, time.Minute)(t.Context()) {
			require.NoError(t, err)
			all = append(all, g)
		}
		require.Len(t, all, 2)
		assert.Equal(t, []string{"a", "a", "a"}, collect(t, all[0].Items))
		assert.Equal(t, []string{"b", "b"}, collect(t, all[1].Items))
		for _, err := range all[1].Items(t.Context()) {
			require.ErrorIs(t, err, errGroupTaken)
		}
	})
}

// counted delivers n items without a pause and says how many were taken.
func counted(n int, taken *int) rxsse.Observable[string] {
	return func(context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for range n {
				*taken++
				if !yield("a", nil) {
					return
				}
			}
		}
	}
}

// A slow reader makes the source wait, which does not count as silence of the key.
func TestGroupByWaitsForSlowReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, held = 1000, 4
		taken, read := 0, 0
		for g, err := range groups(counted(n, &taken), held, time.Second)(t.Context()) {
			require.NoError(t, err)
			for _, err := range g.Items(t.Context()) {
				require.NoError(t, err)
				read++
				time.Sleep(time.Minute)
				synctest.Wait()
				if read == 100 {
					assert.LessOrEqual(t, taken, read+2*held+2*256+2, "read ahead")
				}
			}
			assert.Equal(t, n, read, "all in one group")
		}
		assert.Equal(t, n, read)
	})
}

// Items that a reader leaves behind are dropped and block no other group.
func TestGroupByReaderLeaves(t *testing.T) {
	for name, leave := range map[string]func(*testing.T, rxsse.Observable[string]){
		"break": func(t *testing.T, items rxsse.Observable[string]) {
			t.Helper()
			for _, err := range items(t.Context()) {
				require.NoError(t, err)
				return
			}
		},
		"cancel": func(t *testing.T, items rxsse.Observable[string]) {
			t.Helper()
			gone := errors.New("gone")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			var failure error
			for _, err := range items(ctx) {
				failure = err
				cancel(gone)
			}
			assert.Equal(t, gone, failure)
		},
		"panic": func(t *testing.T, items rxsse.Observable[string]) {
			t.Helper()
			assert.Panics(t, func() {
				for range items(t.Context()) {
					panic("no more")
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				taken := 0
				src := counted(1000, &taken)
				for g, err := range groups(src, 2, time.Minute)(t.Context()) {
					require.NoError(t, err)
					leave(t, g.Items)
				}
				assert.Equal(t, 1000, taken)
			})
		})
	}
}

// Readers on other goroutines are notified of every way in which the stream of groups ends.
func TestGroupByEndsItsGroups(t *testing.T) {
	cause := errors.New("closing down")
	for _, row := range []struct {
		name string
		key  func(string) string
		body func(cancel context.CancelCauseFunc, yielded int) (goOn bool)
		want error
	}{
		{"break", byLetter, func(context.CancelCauseFunc, int) bool { return false }, context.Canceled},
		{"cancel", byLetter, func(cancel context.CancelCauseFunc, _ int) bool { cancel(cause); return true }, cause},
		{"panic in key", func(v string) string {
			if v == "b" {
				panic("no key")
			}
			return v
		}, func(context.CancelCauseFunc, int) bool { return true }, context.Canceled},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				var ended error
				var reader sync.WaitGroup
				func() {
					defer func() { _ = recover() }()
					n := 0
					for g, err := range GroupBy(marble.Cold("a-b"), row.key, 8, time.Minute)(ctx) { //nolint:contextcheck // the readers have a context of their own
						if err != nil {
							assert.Equal(t, row.want, err)
							break
						}
						reader.Go(func() {
							for _, err := range g.Items(t.Context()) {
								ended = err
							}
						})
						synctest.Wait()
						if n++; !row.body(cancel, n) {
							break
						}
					}
				}()
				reader.Wait()
				assert.Equal(t, row.want, ended)
			})
		})
	}
}

func TestGroupByForgetsIdleKeys(t *testing.T) {
	for name, key := range map[string]func(int) float64{
		"distinct": func(v int) float64 { return float64(v) },
		"NaN":      func(int) float64 { return math.NaN() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opened := 0
				s := keyRouter[int, float64]{
					ctx: t.Context(), key: key, limit: 1, idle: 10 * time.Second, maxGroups: 1000,
					yield:   func(Group[float64, int], error) bool { opened++; return true },
					untaken: make(chan struct{}, 1000),
					clock:   window.StartClock(),
					open:    map[float64]*lru.Entry[*openGroup[float64, int]]{},
				}
				for i := range 1000 {
					require.True(t, s.route(i, s.at(time.Now())))
					require.True(t, s.pass())
					time.Sleep(time.Second)
				}
				s.expire(s.at(time.Now()))
				assert.Equal(t, 1000, opened)
				assert.LessOrEqual(t, len(s.open), 9)
				require.NotNil(t, s.order.First())
				assert.Equal(t, 9*time.Second, s.at(time.Now()).Since(window.Instant(s.order.First().Used())))
				s.expire(s.at(time.Now()).Plus(9 * time.Second))
				assert.Empty(t, s.open)
				assert.Nil(t, s.order.First())
			})
		})
	}
}

func TestGroupByRefuses(t *testing.T) {
	src := from("a")
	assert.PanicsWithValue(t, "operators: GroupBy: n must be positive, got 0", func() { groups(src, 0, 1) })
	assert.PanicsWithValue(t, "operators: GroupBy: idle must be positive, got 0s", func() { groups(src, 1, 0) })
}
