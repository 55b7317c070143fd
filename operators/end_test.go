package operators

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
)

// After its error, a source learns that it must stop.
func TestSourceStopsAtItsError(t *testing.T) {
	asked := 0
	src := ints(func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			if yield(0, errOdd) {
				asked++
			}
		}
	})
	assert.Equal(t, []int{7}, collect(t, Catch(src, func(error) ints { return from(7) })))
	assert.Equal(t, []int{7}, collect(t, OnErrorReturn(src, func(error) int { return 7 })))
	for _, err := range Retry(src, func(s RetryState) (time.Duration, bool) { return 0, s.Total < 2 })(t.Context()) {
		assert.ErrorIs(t, err, errOdd)
	}
	for name, windows := range windowsOf(src) {
		_, err := drain(t.Context(), windows)
		assert.Equal(t, errOdd, err, name)
	}
	assert.Zero(t, asked)
}

// windowsOf returns windows of each kind with its own code.
func windowsOf(src ints) map[string]rxsse.Observable[WindowOf[int]] {
	eventTime := EventTime[int]{Assigner: Tumbling(time.Second), Timestamp: func(v int) time.Time { return time.Unix(int64(v), 0) }}
	return map[string]rxsse.Observable[WindowOf[int]]{
		"by count":     Window(src, ByCount(1)),
		"event time":   Window(src, eventTime),
		"with a clock": Window(src, Tumbling(time.Hour)),
		"by last item": Window(src, ByLast(func(int) bool { return true })),
	}
}

// Nothing follows an error, even if the consumer of the operator would continue.
func TestNothingFollowsAnError(t *testing.T) {
	src := ints(func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			_ = yield(1, nil) && yield(0, errOdd) && yield(2, nil) && yield(0, errors.New("another"))
		}
	})
	silent := ints(func(ctx context.Context) iter.Seq2[int, error] { return func(func(int, error) bool) { <-ctx.Done() } })
	for name, obs := range map[string]ints{
		"Catch":                Catch(Skip(src, 1), func(error) ints { return src }),
		"Concat":               Concat(src, from(3)),
		"Filter":               Filter(src, func(int) bool { return true }),
		"Finally":              Finally(src, func() {}),
		"Map":                  Map(src, func(v int) int { return v }),
		"Merge":                Merge(src),
		"StartWith":            StartWith(src),
		"Take":                 Take(src, 3),
		"TapEnd":               TapEnd(src, func(error) {}),
		"MergeDelayError":      MergeDelayError(src),
		"ConcatMap":            ConcatMap(src, func(v int) ints { return from(v) }),
		"ConcatMap, inside":    ConcatMap(from(0), func(int) ints { return src }),
		"MergeMap, inside":     MergeMap(from(0), 1, func(int) ints { return src }),
		"SwitchMap, inside":    SwitchMap(from(0), func(int) ints { return src }),
		"ExhaustMap, inside":   ExhaustMap(from(0), func(int) ints { return src }),
		"Scan":                 Scan(src, 0, func(sum, v int) int { return sum + v }),
		"TryMap":               TryMap(src, func(v int) (int, error) { return v, nil }),
		"TakeWhile":            TakeWhile(src, func(int) bool { return true }),
		"Skip":                 Skip(src, 0),
		"SkipWhile":            SkipWhile(src, func(int) bool { return false }),
		"Distinct":             Distinct(src, 10, func(v int) int { return v }),
		"DistinctUntilChanged": DistinctUntilChanged(src),
		"DefaultIfEmpty":       DefaultIfEmpty(src, 9),
		"Tap":                  Tap(src, func(int) {}),
		"Parallel":             Parallel(src, 1, func(_ context.Context, v int) (int, error) { return v, nil }),
		"Buffer":               Buffer(src, 9, OverflowBlock),
		"Delay":                Delay(src, 1),
		"Timeout":              Timeout(src, time.Hour),
		"TimeoutFirst":         TimeoutFirst(src, time.Hour),
		"TakeUntil":            TakeUntil(src, silent),
		"Share":                Share(src, 9, OverflowBlock),
		"Replay":               Replay(src, 1, 9, OverflowBlock),
		"Race":                 Race(src),
		"Throttle":             Throttle(src, 1),
	} {
		var items []int
		var ends []error
		for v, err := range obs(t.Context()) {
			if err != nil {
				ends = append(ends, err)
				continue
			}
			items = append(items, v)
		}
		assert.Equal(t, []int{1}, items, name)
		assert.Equal(t, []error{errOdd}, ends, name)
	}
}

// On cancel, open windows are dropped, even if the source then completes as if nothing had
// happened.
func TestWindowsOfASourceThatCompletesAfterACancellation(t *testing.T) {
	cause := errors.New("closing down")
	never := func(int) bool { return false }
	eventTime := EventTime[int]{Assigner: Tumbling(time.Hour), Timestamp: func(v int) time.Time { return time.Unix(int64(v), 0) }}
	for name, windowed := range map[string]func(ints) rxsse.Observable[WindowOf[int]]{
		"by count":     func(src ints) rxsse.Observable[WindowOf[int]] { return Window(src, ByCount(2)) },
		"event time":   func(src ints) rxsse.Observable[WindowOf[int]] { return Window(src, eventTime) },
		"with a clock": func(src ints) rxsse.Observable[WindowOf[int]] { return Window(src, Tumbling(time.Hour)) },
		"by last item": func(src ints) rxsse.Observable[WindowOf[int]] { return Window(src, ByLast(never)) },
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		windows, err := drain(ctx, windowed(func(context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				yield(1, nil)
				cancel(cause)
			}
		}))
		assert.Empty(t, windows, name)
		assert.Equal(t, cause, err, name)
	}
}

// A source that wrongly continues after its error cannot change the error or add items.
func TestSourceThatGoesOnAfterItsError(t *testing.T) {
	asked := 0
	unruly := ints(func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for _, goOn := range []bool{yield(0, errOdd), yield(1, nil), yield(0, errors.New("another"))} {
				if goOn {
					asked++
				}
			}
		}
	})
	var seen error
	assert.Equal(t, []int{7}, collect(t, Catch(unruly, func(err error) ints { seen = err; return from(7) })))
	assert.Equal(t, errOdd, seen)
	assert.Equal(t, []int{7}, collect(t, OnErrorReturn(unruly, func(err error) int { seen = err; return 7 })))
	assert.Equal(t, errOdd, seen)
	var states []RetryState
	for v, err := range Retry(unruly, func(s RetryState) (time.Duration, bool) {
		states = append(states, s)
		return 0, s.Total < 2
	})(t.Context()) {
		assert.Zero(t, v)
		assert.ErrorIs(t, err, errOdd)
	}
	assert.Equal(t, []RetryState{{errOdd, 1, 1}, {errOdd, 2, 2}}, states)
	for name, windows := range windowsOf(unruly) {
		var ends []error
		for w, err := range windows(t.Context()) {
			assert.Empty(t, w.Items, name)
			ends = append(ends, err)
		}
		assert.Equal(t, []error{errOdd}, ends, name)
	}
	assert.Zero(t, asked)
}

// A source that wrongly continues after the consumer has left is stopped again, and changes
// nothing.
func TestSourceThatGoesOnAfterTheConsumerHasLeft(t *testing.T) {
	for name := range windowsOf(from[int]()) {
		left, asked := false, 0
		unruly := ints(func(context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for v := range 9 {
					if yield(v, nil) && left {
						asked++
					}
				}
				if yield(0, errOdd) && left {
					asked++
				}
			}
		})
		for w, err := range windowsOf(unruly)[name](t.Context()) {
			require.NoError(t, err, name)
			assert.Equal(t, 0, w.Items[0], name)
			left = true
			break
		}
		assert.True(t, left, name)
		assert.Zero(t, asked, name)
	}
}
