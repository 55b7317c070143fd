package operators_test

import (
	"context"
	"fmt"
	"time"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// A trade carries its time, in seconds since midnight.
type trade struct {
	symbol string
	second int
	price  float64
}

func (t trade) time() time.Time {
	return time.Date(2026, 1, 1, 0, 0, t.second, 0, time.UTC)
}

// A candle summarizes the trades of a window.
type candle struct{ open, high, low, close float64 }

func (c candle) add(t trade) candle {
	if c == (candle{}) {
		return candle{t.price, t.price, t.price, t.price}
	}
	return candle{c.open, max(c.high, t.price), min(c.low, t.price), t.price}
}

func newCandle() candle { return candle{} }

// A candle for every five trades.
func ExampleAggregate() {
	trades := source.Just(
		trade{price: 101}, trade{price: 104}, trade{price: 99}, trade{price: 100}, trade{price: 102},
		trade{price: 103}, trade{price: 101},
	)
	candles := operators.Aggregate(trades, operators.ByCount(5), newCandle, candle.add)
	for c, err := range candles(context.Background()) {
		fmt.Println(c.Value, err)
	}
	// Output:
	// {101 104 99 102} <nil>
	// {103 103 101 101} <nil>
}

// A candle per minute and symbol, by the time of the trades, which may arrive up to five
// seconds late.
func ExampleAggregateBy() {
	trades := source.Just(
		trade{"BTC", 10, 101}, trade{"ETH", 20, 31}, trade{"BTC", 50, 104},
		trade{"BTC", 62, 103}, trade{"ETH", 59, 30}, trade{"BTC", 66, 105},
	)
	candles := operators.AggregateBy(trades, func(t trade) string { return t.symbol },
		operators.EventTime[trade]{
			Assigner:   operators.Tumbling(time.Minute),
			Timestamp:  trade.time,
			OutOfOrder: 5 * time.Second,
		}, newCandle, candle.add)
	for c, err := range candles(context.Background()) {
		fmt.Println(c.Value.Start.UTC().Format("15:04"), c.Key, c.Value.Value, err)
	}
	// Output:
	// 00:00 BTC {101 104 101 104} <nil>
	// 00:00 ETH {31 31 30 30} <nil>
	// 00:01 BTC {103 105 103 105} <nil>
}
