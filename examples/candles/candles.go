package main

import (
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// A Trade is the payload of an event. Time is when it was made, not when it arrives.
type Trade struct {
	Feed   string    `json:"-"`
	Symbol string    `json:"symbol"`
	Price  float64   `json:"price"`
	Volume int       `json:"volume"`
	Time   time.Time `json:"time"`
}

// A Candle sums up the trades of a symbol in a minute.
type Candle struct {
	Open, High, Low, Close float64
	Volume, Trades         int
	first, last            time.Time // of the trades of Open and Close
}

func newCandle() Candle { return Candle{} }

// add returns c with a trade added. Trades are out of order, so their times decide which one
// opens and which one closes the minute.
func (c Candle) add(t Trade) Candle {
	if c.Trades == 0 {
		c = Candle{Open: t.Price, High: t.Price, Low: t.Price, Close: t.Price, first: t.Time, last: t.Time}
	}
	if t.Time.Before(c.first) {
		c.first, c.Open = t.Time, t.Price
	}
	if !t.Time.Before(c.last) {
		c.last, c.Close = t.Time, t.Price
	}
	c.High, c.Low = max(c.High, t.Price), min(c.Low, t.Price)
	c.Volume += t.Volume
	c.Trades++
	return c
}

// An exchange is a feed of trades.
type exchange struct{ name, url string }

// candles merges the feeds and returns a candle for each symbol and minute. It calls late
// with each trade that arrives after its candle.
//
// The watermark, which closes the minutes, is that of the slowest feed: while one feed
// reconnects and catches up, minutes stay open for its trades, however far ahead the others
// are.
func candles(late func(Trade), client *source.Client, feeds ...exchange) rxsse.Observable[operators.Keyed[string, operators.WindowResult[Candle]]] {
	return aggregate(late, merged(client, feeds), operators.EventTime[Trade]{
		Source:  func(t Trade) string { return t.Feed },
		Sources: len(feeds),       // no minute closes before each feed has begun
		Idle:    10 * time.Second, // a feed that is silent for longer no longer holds up the others
	})
}

// merged returns the trades of all feeds. An exchange may repeat trades after a reconnect;
// they are dropped by ID.
func merged(client *source.Client, feeds []exchange) rxsse.Observable[Trade] {
	var all []rxsse.Observable[Trade]
	for _, feed := range feeds {
		events := client.Observe(feed.url, source.WithDeduplication(1000))
		all = append(all, operators.Map(operators.DecodeJSON[Trade](events), func(t Trade) Trade {
			t.Feed = feed.name
			return t
		}))
	}
	return operators.Merge(all...)
}

func aggregate(late func(Trade), trades rxsse.Observable[Trade], minutes operators.EventTime[Trade]) rxsse.Observable[operators.Keyed[string, operators.WindowResult[Candle]]] {
	minutes.Assigner = operators.Tumbling(time.Minute)
	minutes.Timestamp = func(t Trade) time.Time { return t.Time }
	minutes.OutOfOrder = 5 * time.Second // within one feed
	minutes.Late = late
	return operators.AggregateBy(trades, func(t Trade) string { return t.Symbol }, minutes, newCandle, Candle.add)
}
