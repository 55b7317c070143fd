package pipeline

import (
	"context"
	"sync"

	"github.com/samber/lo"
	"github.com/samber/ro"
)

// samberRo uses ro as its README does, with Pipe and typed operators. It has no debounce and
// no map on several goroutines.
func samberRo() Contender {
	return Contender{
		Name:  "samber/ro",
		About: "has no debounce and no map on several goroutines. A synchronous source runs on the subscribing goroutine, so merged and zipped ones get SubscribeOn to run concurrently; its shared streams call one consumer after the other on the source's goroutine",
		Windows: func(all []Trade) int64 {
			return lastOfRo(ro.Pipe4(ro.FromSlice(all),
				ro.Filter(wanted),
				ro.Map(withFee),
				ro.BufferWithCount[Trade](window),
				ro.Reduce(func(sum int64, items []Trade) int64 { return sum + turnover(items) }, int64(0)),
			))
		},
		Keyed: func(all []Trade) int64 {
			type sum struct{ key, value int64 }
			return lastOfRo(ro.Pipe3(ro.FromSlice(all),
				ro.GroupBy(key),
				ro.MergeMap(func(group ro.Observable[Trade]) ro.Observable[sum] {
					return ro.Pipe1(group, ro.Reduce(func(s sum, t Trade) sum {
						return sum{key: t.Key, value: add(s.value, t)}
					}, sum{}))
				}),
				ro.Reduce(func(total int64, s sum) int64 { return mix(total, s.key, s.value) }, int64(0)),
			))
		},
		Merge: func(all []Trade) int64 {
			var srcs []ro.Observable[Trade]
			for i := range streams {
				srcs = append(srcs, concurrently(quarter(all, i)))
			}
			return lastOfRo(ro.Pipe1(ro.Merge(srcs...), ro.Reduce(add, int64(0))))
		},
		FanOut: func(all []Trade) int64 {
			shared := ro.Connectable(ro.FromSlice(all))
			var sums [streams]int64
			var done sync.WaitGroup
			done.Add(streams)
			for i := range sums {
				shared.Subscribe(ro.NewObserver(
					func(t Trade) { sums[i] = add(sums[i], t) },
					func(error) { done.Done() },
					done.Done,
				))
			}
			shared.Connect().Wait()
			done.Wait()
			var sum int64
			for _, s := range sums {
				sum += s
			}
			return sum
		},
		Zip: func(all []Trade) int64 {
			first, second := halves(all)
			return lastOfRo(ro.Pipe1(ro.Zip2(concurrently(first), concurrently(second)),
				ro.Reduce(func(sum int64, pair lo.Tuple2[Trade, Trade]) int64 { return addPair(sum, pair.A, pair.B) }, int64(0))))
		},
	}
}

// concurrently returns a stream of the trades that runs on its own goroutine.
func concurrently(all []Trade) ro.Observable[Trade] {
	return ro.Pipe1(ro.FromSlice(all), ro.SubscribeOn[Trade](256))
}

// lastOfRo returns the last item of a stream.
func lastOfRo[T any](src ro.Observable[T]) (v T) {
	items, _, err := ro.CollectWithContext(context.Background(), src)
	if err != nil {
		panic(err) // these pipelines cannot fail
	}
	return items[len(items)-1]
}
