package main

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
)

// A Trade is the payload of the exchange's trade events. Its time is when it was made,
// not when it arrives: trades arrive up to disorder late, in any order.
type Trade struct {
	Symbol   string  `json:"s"`
	Price    float64 `json:"p"`
	Quantity float64 `json:"q"`
	Millis   int64   `json:"t"`
}

func (t Trade) symbol() string  { return t.Symbol }
func (t Trade) time() time.Time { return time.UnixMilli(t.Millis) }

// disorder is the longest time by which a trade can arrive after a later one.
const disorder = 300 * time.Millisecond

// A Candle is the movement of a symbol's price within a second.
type Candle struct {
	Symbol string    `json:"symbol"`
	Start  time.Time `json:"start"`
	Open   float64   `json:"open"`
	High   float64   `json:"high"`
	Low    float64   `json:"low"`
	Close  float64   `json:"close"`
	Volume float64   `json:"volume"`
	Trades int       `json:"trades"`

	first, last int64 // the times of the trades of Open and Close
}

// candles turns the exchange's events into one event per symbol and second, ready to
// publish.
func candles(events rxsse.Observable[codec.Event]) rxsse.Observable[codec.Event] {
	trades := operators.DecodeJSON[Trade](operators.EventType(events, "trade"))
	seconds := operators.EventTime[Trade]{
		Assigner:   operators.Tumbling(time.Second),
		Timestamp:  Trade.time,
		OutOfOrder: disorder,
		Idle:       time.Second, // while the exchange is away, candles that have begun are shown
	}
	byKey := operators.AggregateBy(trades, Trade.symbol, seconds, func() Candle { return Candle{} }, Candle.add)
	return operators.TryMap(byKey, func(k operators.Keyed[string, operators.WindowResult[Candle]]) (codec.Event, error) {
		candle := k.Value.Value
		candle.Symbol, candle.Start = k.Key, k.Value.Start
		data, err := json.Marshal(candle)
		id := fmt.Sprintf("%d-%s", candle.Start.UnixMilli(), candle.Symbol)
		return codec.Event{Type: "candle", ID: id, Data: string(data)}, err
	})
}

// add returns c with a trade added. Trades arrive in any order: their time decides which
// one opens and which one closes the candle.
func (c Candle) add(t Trade) Candle {
	if c.Trades == 0 {
		c.first, c.last = t.Millis, t.Millis
		c.Open, c.High, c.Low, c.Close = t.Price, t.Price, t.Price, t.Price
	}
	if t.Millis < c.first {
		c.first, c.Open = t.Millis, t.Price
	}
	if t.Millis >= c.last {
		c.last, c.Close = t.Millis, t.Price
	}
	c.High, c.Low = max(c.High, t.Price), min(c.Low, t.Price)
	c.Volume += t.Quantity
	c.Trades++
	return c
}
