package main

import (
	"context"
	"fmt"
	"time"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A Candle sums up the trades of a symbol in a tenth of a second.
type Candle struct {
	Symbol                    string
	Start                     time.Time
	Trades, Low, High, Volume int64
}

// with returns c with a trade added.
func (c Candle) with(m codec.Message[Trade]) Candle {
	t := m.Value
	if c.Trades == 0 || t.Price < c.Low {
		c.Low = t.Price
	}
	c.High = max(c.High, t.Price)
	c.Trades++
	c.Volume += t.Volume
	return c
}

// storeCandles makes candles of the trades at url and stores them, together with the state
// of the pipeline, until the feed ends or fails. It continues after the last transaction,
// and calls stored after each one.
func storeCandles(ctx context.Context, url string, db *store, stored func(rows int)) error {
	saved, err := db.loadState(ctx)
	if err != nil {
		return fmt.Errorf("load the state: %w", err)
	}
	var state operators.State
	if err := state.Load(saved); err != nil {
		return err
	}
	trades := operators.DecodeJSON[codec.Message[Trade]](source.SSE(url,
		source.WithLastEventID(state.LastEventID()),
		source.WithReconnectionTime(10*time.Millisecond),
	))
	candles := operators.AggregateBy(trades,
		func(m codec.Message[Trade]) string { return m.Value.Symbol },
		operators.EventTime[codec.Message[Trade]]{
			Assigner:   operators.Tumbling(100 * time.Millisecond),
			Timestamp:  func(m codec.Message[Trade]) time.Time { return m.Value.Time },
			OutOfOrder: 50 * time.Millisecond,
			Late:       func(codec.Message[Trade]) {}, // even later trades do not count
		},
		func() Candle { return Candle{} },
		Candle.with,
		operators.WithState(&state),
	)
	type result = operators.Keyed[string, operators.WindowResult[Candle]]
	return sink.TransactState(ctx, candles, &state, 5*time.Millisecond, func(results []result, state []byte) error {
		rows := make([]Candle, len(results))
		for i, r := range results {
			rows[i] = r.Value.Value
			rows[i].Symbol, rows[i].Start = r.Key, r.Value.Start
		}
		if err := db.save(ctx, rows, state); err != nil {
			return err
		}
		stored(len(rows))
		return nil
	})
}
