package pipeline

import (
	"time"

	gostreams "github.com/reugn/go-streams"
	"github.com/reugn/go-streams/extension"
	"github.com/reugn/go-streams/flow"
)

// goStreams uses go-streams with channels as source and sink, as in its examples. It has no
// debounce.
func goStreams() Contender {
	return Contender{
		Name:  "reugn/go-streams",
		About: "has no debounce, no zip and no map on several goroutines that keeps the order. Items are interface values, a flow is two goroutines and two unbuffered channels; its folds emit each intermediate value, so the last one counts",
		Windows: func(all []Trade) (sum int64) {
			out := outlet(all).
				Via(flow.NewFilter(wanted, 1)).
				Via(flow.NewMap(withFee, 1)).
				Via(flow.NewBatch[Trade](window, time.Hour)).
				Via(flow.NewFold(int64(0), func(items []Trade, sum int64) int64 { return sum + turnover(items) }))
			return lastOf[int64](out)
		},
		Keyed: func(all []Trade) (total int64) {
			type sum struct{ key, value int64 }
			sums := map[int64]int64{}
			keyed := outlet(all).Via(flow.NewKeyed(key, func() gostreams.Flow {
				return flow.NewFold(sum{}, func(t Trade, s sum) sum { return sum{key: t.Key, value: add(s.value, t)} })
			}))
			for v := range keyed.Out() {
				s := item[sum](v)
				sums[s.key] = s.value // in the order of its key
			}
			for k, s := range sums {
				total = mix(total, k, s)
			}
			return total
		},
		Merge: func(all []Trade) (sum int64) {
			var srcs []gostreams.Flow
			for i := range streams {
				srcs = append(srcs, outlet(quarter(all, i)).Via(flow.NewPassThrough()))
			}
			return lastOf[int64](flow.Merge(srcs...).Via(flow.NewFold(int64(0), func(t Trade, sum int64) int64 { return add(sum, t) })))
		},
		FanOut: func(all []Trade) int64 {
			sums := make(chan int64)
			for _, out := range flow.FanOut(outlet(all), streams) {
				go func() {
					var sum int64
					for v := range out.Out() {
						sum = add(sum, item[Trade](v))
					}
					sums <- sum
				}()
			}
			return total(sums)
		},
	}
}

// outlet returns the source of some trades.
func outlet(all []Trade) *extension.ChanSource {
	in := make(chan any, 256)
	go func() {
		defer close(in)
		for _, t := range all {
			in <- t
		}
	}()
	return extension.NewChanSource(in)
}

// lastOf returns the last item of a flow.
func lastOf[T any](out gostreams.Flow) (v T) {
	for element := range out.Out() {
		v = item[T](element)
	}
	return v
}
