package operators

import (
	"context"
	"errors"
	"iter"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
)

var errOdd = errors.New("odd")

type (
	letters = rxsse.Observable[string]
	ints    = rxsse.Observable[int]
)

func TestSynchronousOperators(t *testing.T) {
	upper := func(s string) string { return string(s[0] - 'a' + 'A') }
	for name, c := range map[string]struct {
		op   func(letters) letters
		rows []diagram
	}{
		"Map": {
			func(src letters) letters { return Map(src, upper) },
			[]diagram{
				{"each item", "-a-b|", "-A-B|"},
				{"an error", "-a#", "-A#"},
				{"nothing", "--|", "--|"},
			},
		},
		"Filter": {
			func(src letters) letters { return Filter(src, func(s string) bool { return s != "b" }) },
			[]diagram{
				{"some items", "abcb|", "a-c-|"},
				{"an error", "b#", "-#"},
				{"no item", "bb|", "--|"},
			},
		},
		"Scan": {
			func(src letters) letters { return Scan(src, ">", func(acc, s string) string { return acc + s }) },
			[]diagram{
				{"each intermediate result", "a-b|", "[>a]-[>ab]|"},
				{"an error", "a#", "[>a]#"},
				{"nothing, and no seed", "--|", "--|"},
			},
		},
		"Take": {
			func(src letters) letters { return Take(src, 2) },
			[]diagram{
				{"completes with the n-th item", "-a-b-c|", "-a-(b|)"},
				{"does not wait for another", "-a-b", "-a-(b|)"},
				{"a shorter stream", "-a-|", "-a-|"},
				{"an error before", "-a-#", "-a-#"},
				{"an error after", "ab#", "a(b|)"},
			},
		},
		"Take nothing": {
			func(src letters) letters { return Take(src, 0) },
			[]diagram{{"completes at once", "-a-b", "|"}},
		},
		"TryMap": {
			func(src letters) letters {
				return TryMap(src, func(s string) (string, error) {
					if s == "x" {
						return "not to be seen", errOdd
					}
					return upper(s), nil
				})
			},
			[]diagram{{"each item", "-a-b|", "-A-B|"}, {"ends with the first error", "-a-x-b|", "-A-#"}, {"an error", "a#", "A#"}},
		},
		"Reduce": {
			func(src letters) letters {
				return Reduce(src, ">", func(acc, s string) string { return acc + s })
			},
			[]diagram{{"one result at the end", "a-b-|", "----([>ab]|)"}, {"the seed of nothing", "--|", "--(>|)"}, {"nothing on an error", "a-#", "--#"}},
		},
		"Pairwise": {
			func(src letters) letters {
				return Map(Pairwise(src), func(p [2]string) string { return p[0] + p[1] })
			},
			[]diagram{{"neighbours", "a-b-c|", "--[ab]-[bc]|"}, {"one item", "a|", "-|"}, {"an error", "ab#", "-[ab]#"}},
		},
		"TakeWhile": {
			func(src letters) letters { return TakeWhile(src, func(s string) bool { return s < "c" }) },
			[]diagram{{"ends with the first that fails", "a-b-c-a|", "a-b-|"}, {"a shorter stream", "ab|", "ab|"}, {"an error", "a#", "a#"}},
		},
		"TakeLast": {
			func(src letters) letters { return TakeLast(src, 2) },
			[]diagram{{"the newest in order", "abcde|", "-----(de|)"}, {"fewer", "a|", "-(a|)"}, {"none", "-|", "-|"}, {"nothing on an error", "abc#", "---#"}},
		},
		"TakeLast nothing": {
			func(src letters) letters { return TakeLast(src, 0) },
			[]diagram{{"completes with the stream", "ab|", "--|"}},
		},
		"Skip": {
			func(src letters) letters { return Skip(src, 2) },
			[]diagram{{"the first two", "abcd|", "--cd|"}, {"a shorter stream", "a|", "-|"}, {"an error among the first", "a#", "-#"}},
		},
		"SkipWhile": {
			func(src letters) letters { return SkipWhile(src, func(s string) bool { return s < "c" }) },
			[]diagram{{"up to the first that fails", "abcab|", "--cab|"}, {"all", "ab|", "--|"}, {"an error", "a#", "-#"}},
		},
		"First": {First[string], []diagram{{"one", "-ab", "-(a|)"}, {"none", "--|", "--|"}, {"an error", "-#", "-#"}}},
		"Last":  {Last[string], []diagram{{"one", "-ab|", "---(b|)"}, {"none", "--|", "--|"}, {"an error", "a#", "-#"}}},
		"ElementAt": {
			func(src letters) letters { return ElementAt(src, 1) },
			[]diagram{{"the second", "-abc", "--(b|)"}, {"too few", "a-|", "--|"}},
		},
		"DistinctUntilChanged": {
			DistinctUntilChanged[string],
			[]diagram{{"changes", "aabba|", "a-b-a|"}, {"an error", "aa#", "a-#"}},
		},
		"Distinct": {
			func(src letters) letters { return Distinct(src, 2, func(s string) string { return s }) },
			[]diagram{{"no repetition of the last two", "abacab|", "ab-cab|"}, {"an error", "aa#", "a-#"}},
		},
		"Tap": {
			func(src letters) letters { return Tap(src, func(string) {}) },
			[]diagram{{"changes nothing", "a-(bc)|", "a-(bc)|"}, {"an error", "a-#", "a-#"}},
		},
	} {
		t.Run(name, func(t *testing.T) { checkDiagrams(t, c.op, c.rows) })
	}
}

func TestTapCallsItsFunctionBeforeEachItem(t *testing.T) {
	var order []string
	src := Tap(from("a", "b"), func(s string) { order = append(order, "tap "+s) })
	for v, err := range src(t.Context()) {
		require.NoError(t, err)
		order = append(order, "consumer "+v)
	}
	assert.Equal(t, []string{"tap a", "consumer a", "tap b", "consumer b"}, order)
}

func TestScanStartsFromTheSeedEachTime(t *testing.T) {
	sums := Scan(from(1, 2, 3), 10, func(acc, v int) int { return acc + v })
	for range 2 {
		assert.Equal(t, []int{11, 13, 16}, collect(t, sums))
	}
}

// Take has to end the source with the n-th item, even one that never waits and
// so could not be ended by a context.
func TestTakeEndsASourceThatNeverEnds(t *testing.T) {
	produced, released := 0, false
	endless := func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			defer func() { released = true }()
			for {
				produced++
				if !yield(produced, nil) {
					return
				}
			}
		}
	}
	assert.Equal(t, []int{1, 2, 3}, collect(t, Take(endless, 3)))
	assert.Equal(t, 3, produced, "items produced")
	assert.True(t, released, "the source has returned before Take did")
}

func TestTakeNothingDoesNotSubscribe(t *testing.T) {
	src := func(context.Context) iter.Seq2[int, error] {
		return func(func(int, error) bool) { t.Error("subscribed") }
	}
	assert.Empty(t, collect(t, Take(src, 0)))
}

func TestMerge(t *testing.T) {
	for _, c := range []struct{ name, a, b, want string }{
		{"by arrival", "-a---b-|", "---c---d---|", "-a-c-b-d---|"},
		{"completes with the last", "a|", "-----|", "a----|"},
		{"an error ends all", "a--#", "-b---b|", "ab-#"},
		{"an error after the completion of another", "a|", "b#", "(ab)#"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := marble.Record(t.Context(), Merge(marble.Cold(c.a), marble.Cold(c.b)))
				if got == "(ba)#" {
					got = "(ab)#" // at one instant either may be first
				}
				assert.Equal(t, c.want, got)
			})
		})
	}
}

func TestMergeOfNothingCompletes(t *testing.T) {
	assert.Empty(t, collect(t, Merge[int]()))
	ctx, cancel := context.WithCancelCause(t.Context())
	errGone := errors.New("gone")
	cancel(errGone)
	for _, err := range Merge[int]()(ctx) {
		require.ErrorIs(t, err, errGone)
	}
}

// A failing source ends the others at once, before the consumer reaches the error.
func TestMergeEndsTheOthersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		silent := func(ctx context.Context) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				<-ctx.Done()
				close(ended)
			}
		}
		var got []string
		var failure error
		for v, err := range Merge(silent, marble.Cold("(ab#)"))(t.Context()) {
			if err != nil {
				failure = err
				break
			}
			got = append(got, v)
			<-ended // would deadlock the bubble if the error had to be delivered first
		}
		assert.Equal(t, []string{"a", "b"}, got)
		assert.ErrorIs(t, failure, marble.Err)
	})
}

// If the consumer takes nothing, a source waits once the queue is full.
func TestQueuesHoldUpTheirSources(t *testing.T) {
	for name, op := range map[string]func(ints) ints{
		"Merge":   func(src ints) ints { return Merge(src) },
		"Timeout": func(src ints) ints { return Timeout(src, time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				taken := make(chan struct{})
				produced := 0
				endless := func(context.Context) iter.Seq2[int, error] {
					return func(yield func(int, error) bool) {
						for yield(produced, nil) {
							if produced++; produced == 1 {
								<-taken // so that the consumer's batch is the first item
							}
						}
					}
				}
				for range op(endless)(t.Context()) {
					close(taken)
					synctest.Wait() // until the source waits
					break
				}
				assert.Equal(t, 1+256, produced, "the item at the consumer and the queue")
			})
		})
	}
}

func TestMergeKeepsEverySourcesOrder(t *testing.T) {
	const n = 20_000
	count := func(sign int) rxsse.Observable[int] {
		items := make([]int, n)
		for i := range items {
			items[i] = sign * (i + 1)
		}
		return from(items...)
	}
	var up, down, total int
	for v, err := range Merge(count(1), count(-1))(t.Context()) {
		require.NoError(t, err)
		total++
		if v > 0 {
			require.Equal(t, up+1, v)
			up = v
		} else {
			require.Equal(t, down-1, v)
			down = v
		}
	}
	assert.Equal(t, 2*n, total)
}

func TestMergeDoesNotAliasItsArguments(t *testing.T) {
	srcs := []rxsse.Observable[int]{from(1)}
	merged := Merge(srcs...)
	srcs[0] = from(2)
	assert.Equal(t, []int{1}, collect(t, merged))
}

func collect[T any](t *testing.T, src rxsse.Observable[T]) (items []T) {
	t.Helper()
	for v, err := range src(t.Context()) {
		require.NoError(t, err)
		items = append(items, v)
	}
	return items
}

func TestDistinctUntilChangedKeepsLeadingZeroValues(t *testing.T) {
	assert.Equal(t, []int{0, 1, 0}, collect(t, DistinctUntilChanged(from(0, 0, 1, 0))))
}

// NaN cannot be removed from a map: all NaNs are distinct, and none is held.
func TestDistinctTakesNaNForDistinct(t *testing.T) {
	nan := math.NaN()
	got := collect(t, Distinct(from(nan, 1, nan, 1), 4, func(f float64) float64 { return f }))
	assert.Len(t, got, 3)
}
