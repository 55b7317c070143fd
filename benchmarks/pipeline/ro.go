package pipeline

import (
	"context"
	"sync"

	"github.com/samber/ro"
)

// samberRo uses ro as its README does: Pipe and typed operators. It has no
// debounce.
func samberRo() contender {
	return contender{
		name:  "samber/ro",
		about: "has no debounce. A synchronous source runs on the subscribing goroutine, so merged ones get SubscribeOn to run concurrently; its shared streams call one consumer after the other on the source's goroutine",
		windows: func(all []trade) int64 {
			return lastOfRo(ro.Pipe4(ro.FromSlice(all),
				ro.Filter(wanted),
				ro.Map(withFee),
				ro.BufferWithCount[trade](window),
				ro.Reduce(func(sum int64, items []trade) int64 { return sum + turnover(items) }, int64(0)),
			))
		},
		keyed: func(all []trade) int64 {
			type sum struct{ key, value int64 }
			return lastOfRo(ro.Pipe3(ro.FromSlice(all),
				ro.GroupBy(key),
				ro.MergeMap(func(group ro.Observable[trade]) ro.Observable[sum] {
					return ro.Pipe1(group, ro.Reduce(func(s sum, t trade) sum {
						return sum{key: t.Key, value: add(s.value, t)}
					}, sum{}))
				}),
				ro.Reduce(func(total int64, s sum) int64 { return mix(total, s.key, s.value) }, int64(0)),
			))
		},
		merge: func(all []trade) int64 {
			var srcs []ro.Observable[trade]
			for i := range streams {
				srcs = append(srcs, ro.Pipe1(ro.FromSlice(quarter(all, i)), ro.SubscribeOn[trade](256)))
			}
			return lastOfRo(ro.Pipe1(ro.Merge(srcs...), ro.Reduce(add, int64(0))))
		},
		fanOut: func(all []trade) int64 {
			shared := ro.Connectable(ro.FromSlice(all))
			var sums [streams]int64
			var done sync.WaitGroup
			done.Add(streams)
			for i := range sums {
				shared.Subscribe(ro.NewObserver(
					func(t trade) { sums[i] = add(sums[i], t) },
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
	}
}

// lastOfRo returns the last item of a stream.
func lastOfRo[T any](src ro.Observable[T]) (v T) {
	items, _, err := ro.CollectWithContext(context.Background(), src)
	if err != nil {
		panic(err) // nothing in these pipelines can fail
	}
	return items[len(items)-1]
}
