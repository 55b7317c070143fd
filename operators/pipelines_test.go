package operators

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
)

// A losslessStage delivers every item that it gets, in any order.
type losslessStage struct {
	name  string
	apply func(*rand.Rand, rxsse.Observable[int]) rxsse.Observable[int]
	// endsAtOnce means that an error of its upstream overtakes items in progress.
	endsAtOnce bool
}

func losslessStages() []losslessStage {
	type ints = rxsse.Observable[int]
	const ms = time.Millisecond
	self := func(_ context.Context, v int) (int, error) { return v, nil }
	window := func(src ints, a Assigner, opts ...WindowOption) ints {
		final := Filter(Window(src, a, opts...), func(w WindowOf[int]) bool { return !w.Early })
		return ConcatMap(final, func(w WindowOf[int]) ints { return from(w.Items...) })
	}
	return []losslessStage{
		{name: "Buffer", apply: func(r *rand.Rand, src ints) ints { return Buffer(src, 1+r.IntN(4), OverflowBlock) }},
		{name: "Delay", apply: func(r *rand.Rand, src ints) ints { return Delay(src, time.Duration(1+r.IntN(5))*ms) }},
		{name: "Parallel", apply: func(r *rand.Rand, src ints) ints { return Parallel(src, 1+r.IntN(4), self) }},
		{name: "ParallelUnordered", apply: func(r *rand.Rand, src ints) ints { return ParallelUnordered(src, 1+r.IntN(4), self) }, endsAtOnce: true},
		{name: "MergeMap", apply: func(r *rand.Rand, src ints) ints {
			return MergeMap(src, 1+r.IntN(4), func(v int) ints { return Delay(from(v), ms) })
		}, endsAtOnce: true},
		{name: "ConcatMap", apply: func(_ *rand.Rand, src ints) ints {
			return ConcatMap(src, func(v int) ints { return Delay(from(v), ms) })
		}},
		{name: "GroupBy", apply: func(r *rand.Rand, src ints) ints {
			keys, slow := 1+r.IntN(5), time.Duration(r.IntN(3))*ms
			groups := GroupBy(src, func(v int) int { return v % keys }, 1+r.IntN(4), time.Duration(1+r.IntN(9))*ms)
			return MergeMap(groups, 1000, func(g Group[int, int]) ints { return Tap(g.Items, func(int) { time.Sleep(slow) }) })
		}},
		{name: "Share", apply: func(r *rand.Rand, src ints) ints { return Share(src, 1+r.IntN(4), OverflowBlock) }},
		{name: "diamond", apply: func(r *rand.Rand, src ints) ints {
			shared := Share(src, 1+r.IntN(4), OverflowBlock, MinSubscribers(2))
			even := func(v int) bool { return v%2 == 0 }
			return Merge(Filter(shared, even), Filter(shared, func(v int) bool { return !even(v) }))
		}, endsAtOnce: true},
		{name: "Merge", apply: func(_ *rand.Rand, src ints) ints { return Merge(from[int](), src) }},
		{name: "Window Tumbling", apply: func(r *rand.Rand, src ints) ints { return window(src, Tumbling(time.Duration(1+r.IntN(8))*ms)) }},
		{name: "Window BySession", apply: func(r *rand.Rand, src ints) ints { return window(src, BySession(time.Duration(1+r.IntN(8))*ms)) }},
		{name: "Window ByCount", apply: func(r *rand.Rand, src ints) ints {
			return window(src, ByCount(1+r.IntN(5)).Within(time.Duration(1+r.IntN(5))*ms), WithEarlyAfter(2))
		}},
		{name: "TimeoutFirst", apply: func(_ *rand.Rand, src ints) ints { return TimeoutFirst(src, time.Hour) }},
		{name: "Materialize", apply: func(_ *rand.Rand, src ints) ints { return Dematerialize(Buffer(Materialize(src), 2, OverflowBlock)) }},
	}
}

// Random pipelines, with pauses in the source and in the consumer: no item is lost before
// the end, completion or error, and a cancelled pipeline ends with the cause.
func TestPipelinesLoseNothing(t *testing.T) {
	stages := losslessStages()
	errSource, errCancel := errors.New("source"), errors.New("cancelled")
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 9))
			n := random.IntN(60)
			var end error
			if random.IntN(2) == 0 {
				end = errSource
			}
			pipeline := pausing(random, n, end)
			var names []string
			lossless := true
			for range 1 + random.IntN(3) {
				stage := stages[random.IntN(len(stages))]
				pipeline = stage.apply(random, pipeline)
				names = append(names, stage.name)
				lossless = lossless && (end == nil || !stage.endsAtOnce)
			}
			description := fmt.Sprintf("seed %d: %d items, %v: %v", seed, n, end, names)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if random.IntN(3) == 0 {
				timer := time.AfterFunc(time.Duration(random.IntN(40))*time.Millisecond, func() { cancel(errCancel) })
				defer timer.Stop()
			}
			slow := time.Duration(random.IntN(3)) * time.Millisecond

			var got []int
			var failure error
			for v, err := range pipeline(ctx) {
				if failure = err; err != nil {
					continue // to see whether anything follows
				}
				got = append(got, v)
				time.Sleep(slow)
			}
			switch {
			case ctx.Err() != nil && failure != end: //nolint:errorlint // the very error
				require.Equal(t, errCancel, failure, description)
			default:
				require.Equal(t, end, failure, description)
				if lossless && ctx.Err() == nil {
					require.Equal(t, ascending(n), slices.Sorted(slices.Values(got)), description)
				}
			}
		})
	}
}

// pausing delivers 0 to n-1 with random pauses and fails with end, or completes.
func pausing(random *rand.Rand, n int, end error) rxsse.Observable[int] {
	pauses := make([]time.Duration, n)
	for i := range pauses {
		pauses[i] = time.Duration(max(0, random.IntN(16)-10)) * time.Millisecond
	}
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i, pause := range pauses {
				time.Sleep(pause)
				if ctx.Err() != nil {
					yield(0, context.Cause(ctx))
					return
				}
				if !yield(i, nil) {
					return
				}
			}
			if end != nil {
				yield(0, end)
			}
		}
	}
}

// ascending returns 0 to n-1, nil if n is 0.
func ascending(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}
