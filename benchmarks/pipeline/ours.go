package pipeline

import (
	"context"
	"slices"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func ours() Contender {
	return Contender{
		Name: "rxsse",
		Windows: func(all []Trade) int64 {
			src := source.FromSeq(slices.Values(all))
			charged := operators.Map(operators.Filter(src, wanted), withFee)
			windows := operators.Window(charged, operators.ByCount(window))
			return last(operators.Reduce(windows, 0, func(sum int64, w operators.WindowOf[Trade]) int64 {
				return sum + turnover(w.Items)
			}))
		},
		Debounce: func(all []Trade) int64 {
			return last(operators.Debounce(source.FromSeq(slices.Values(all)), time.Millisecond)).ID
		},
		Keyed: func(all []Trade) int64 {
			sums := operators.AggregateBy(source.FromSeq(slices.Values(all)), key,
				operators.Tumbling(24*time.Hour), func() int64 { return 0 }, add)
			return last(operators.Reduce(sums, 0, func(total int64, k operators.Keyed[int64, operators.WindowResult[int64]]) int64 {
				return mix(total, k.Key, k.Value.Value)
			}))
		},
		Merge: func(all []Trade) int64 {
			var srcs []rxsse.Observable[Trade]
			for i := range streams {
				srcs = append(srcs, source.FromSeq(slices.Values(quarter(all, i))))
			}
			return last(operators.Reduce(operators.Merge(srcs...), 0, add))
		},
		FanOut: oursFanOut,
		Zip: func(all []Trade) int64 {
			first, second := halves(all)
			pairs := operators.Zip(source.FromSeq(slices.Values(first)), source.FromSeq(slices.Values(second)),
				func(a, b Trade) int64 { return addPair(0, a, b) })
			return last(operators.Reduce(pairs, 0, func(sum, pair int64) int64 { return sum + pair }))
		},
		Parallel: func(all []Trade, workers int) int64 {
			charged := operators.Parallel(source.FromSeq(slices.Values(all)), workers,
				func(_ context.Context, t Trade) (Trade, error) { return withFee(t), nil })
			return last(operators.Reduce(charged, 0, follow))
		},
	}
}

// oursFanOut shares a stream, which starts once all consumers have subscribed.
func oursFanOut(all []Trade) int64 {
	shared := operators.Share(source.FromSeq(slices.Values(all)), 256, operators.OverflowBlock, operators.MinSubscribers(streams))
	sums := make(chan int64)
	for range streams {
		go func() {
			var sum int64
			err := sink.ForEach(context.Background(), shared, func(t Trade) error {
				sum = add(sum, t)
				return nil
			})
			if err != nil {
				sum = -1
			}
			sums <- sum
		}()
	}
	return total(sums)
}

// last returns the last item of a stream.
func last[T any](src rxsse.Observable[T]) (v T) {
	err := sink.ForEach(context.Background(), src, func(item T) error {
		v = item
		return nil
	})
	if err != nil {
		panic(err) // these pipelines cannot fail
	}
	return v
}

// total receives the sum of each consumer of a stream and adds them up.
func total(sums <-chan int64) (sum int64) {
	for range streams {
		sum += <-sums
	}
	return sum
}
