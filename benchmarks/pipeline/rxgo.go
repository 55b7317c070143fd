package pipeline

import (
	"context"
	"strconv"
	"time"

	"github.com/reactivex/rxgo/v2"
)

// rxGo uses RxGo with its defaults.
func rxGo() Contender {
	c := rxGoWith()
	c.Name = "RxGo"
	return c
}

// rxGoBuffered gives every operator a buffered channel, as RxGo's README advises
// for throughput.
func rxGoBuffered() Contender {
	c := rxGoWith(rxgo.WithBufferedChannel(256))
	c.Name, c.About = "RxGo, buffered channels", "the same with WithBufferedChannel(256) for every operator"
	return c
}

func rxGoWith(opts ...rxgo.Option) Contender {
	return Contender{
		About: "items are interface values; an operator is a goroutine and a channel; its debounce drops the pending item when the stream completes",
		Windows: func(all []Trade) int64 {
			return number(from(all, opts).
				Filter(func(v any) bool { return wanted(item[Trade](v)) }, opts...).
				Map(func(_ context.Context, v any) (any, error) { return withFee(item[Trade](v)), nil }, opts...).
				BufferWithCount(window, opts...).
				Reduce(func(_ context.Context, sum, items any) (any, error) {
					total, _ := sum.(int64) // the first sum is nil
					return total + rxGoTurnover(item[[]any](items)), nil
				}, opts...))
		},
		Debounce: func(all []Trade) (last int64) {
			for i := range from(all, opts).Debounce(rxgo.WithDuration(time.Millisecond), opts...).Observe() {
				last = item[Trade](i.V).ID
			}
			return last
		},
		Keyed: func(all []Trade) (total int64) {
			// Its groups have string keys, and all must be read at the same time.
			groups := from(all, opts).GroupByDynamic(func(i rxgo.Item) string {
				return strconv.FormatInt(item[Trade](i.V).Key, 10)
			}, opts...)
			type sum struct{ key, value int64 }
			sums := make(chan sum, keys)
			n := 0
			for group := range groups.Observe() {
				n++
				go func() {
					var s sum
					for i := range item[rxgo.GroupedObservable](group.V).Observe() {
						t := item[Trade](i.V)
						s.key, s.value = t.Key, add(s.value, t)
					}
					sums <- s
				}()
			}
			for range n {
				s := <-sums
				total = mix(total, s.key, s.value)
			}
			return total
		},
		Merge: func(all []Trade) int64 {
			var srcs []rxgo.Observable
			for i := range streams {
				srcs = append(srcs, from(quarter(all, i), opts))
			}
			return number(rxgo.Merge(srcs, opts...).Reduce(rxGoAdd, opts...))
		},
		FanOut: func(all []Trade) int64 {
			shared := rxgo.FromChannel(channel(all), append([]rxgo.Option{rxgo.WithPublishStrategy()}, opts...)...)
			sums := make(chan int64)
			for range streams {
				out := shared.Observe(opts...)
				go func() {
					var sum int64
					for i := range out {
						sum = add(sum, item[Trade](i.V))
					}
					sums <- sum
				}()
			}
			_, stop := shared.Connect(context.Background())
			defer stop()
			return total(sums)
		},
		Zip: func(all []Trade) int64 {
			first, second := halves(all)
			pairs := from(first, opts).ZipFromIterable(from(second, opts), func(_ context.Context, a, b any) (any, error) {
				return addPair(0, item[Trade](a), item[Trade](b)), nil
			}, opts...)
			return number(pairs.Reduce(func(_ context.Context, sum, pair any) (any, error) {
				total, _ := sum.(int64) // the first sum is nil
				return total + item[int64](pair), nil
			}, opts...))
		},
		Parallel: func(all []Trade, workers int) int64 {
			charged := from(all, opts).
				Map(func(_ context.Context, v any) (any, error) { return withFee(item[Trade](v)), nil },
					append([]rxgo.Option{rxgo.WithPool(workers)}, opts...)...).
				Serialize(0, func(v any) int { return int(item[Trade](v).ID) }, opts...)
			return number(charged.Reduce(func(_ context.Context, sum, v any) (any, error) {
				before, _ := sum.(int64) // the first sum is nil
				return follow(before, item[Trade](v)), nil
			}, opts...))
		},
	}
}

// rxGoTurnover is turnover for the windows that RxGo has.
func rxGoTurnover(items []any) (sum int64) {
	for _, t := range items {
		sum += item[Trade](t).Fee
	}
	return sum * int64(len(items))
}

func rxGoAdd(_ context.Context, sum, v any) (any, error) {
	total, _ := sum.(int64) // the first sum is nil
	return add(total, item[Trade](v)), nil
}

// from returns the stream of some trades.
func from(all []Trade, opts []rxgo.Option) rxgo.Observable {
	return rxgo.Defer([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
		for _, t := range all {
			next <- rxgo.Of(t)
		}
	}}, opts...)
}

// channel returns a channel that delivers the trades.
func channel(all []Trade) <-chan rxgo.Item {
	items := make(chan rxgo.Item, 256)
	go func() {
		defer close(items)
		for _, t := range all {
			items <- rxgo.Of(t)
		}
	}()
	return items
}

// number returns the only number of a stream.
func number(single rxgo.OptionalSingle) int64 {
	i, err := single.Get()
	if err != nil {
		panic(err) // these pipelines cannot fail
	}
	n, _ := i.V.(int64) // there is none where all was filtered out
	return n
}
