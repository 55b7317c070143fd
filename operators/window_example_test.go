package operators_test

import (
	"context"
	"fmt"
	"time"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// Texts less than a minute apart belong together.
func ExampleBySession() {
	typing := source.Just("h", "he", "hel", "hello")
	for s, err := range operators.Window(typing, operators.BySession(time.Minute))(context.Background()) {
		fmt.Println(s.Items, err)
	}
	// Output: [h he hel hello] <nil>
}

// Batches for a database: three rows, or the rows of a minute.
func ExampleAssigner_Within() {
	rows := source.Just("a", "b", "c", "d", "e")
	for batch, err := range operators.Window(rows, operators.ByCount(3).Within(time.Minute))(context.Background()) {
		fmt.Println(batch.Items, err)
	}
	// Output:
	// [a b c] <nil>
	// [d e] <nil>
}

// The mean price of the last minute, twice a minute.
func ExampleSliding() {
	type mean struct{ sum, n float64 }
	trades := source.Just(trade{"BTC", 1, 100}, trade{"BTC", 31, 110}, trade{"BTC", 62, 120}, trade{"BTC", 100, 130})
	means := operators.Aggregate(trades,
		operators.EventTime[trade]{
			Assigner:  operators.Sliding(time.Minute, 30*time.Second),
			Timestamp: trade.time,
		},
		func() mean { return mean{} },
		func(m mean, t trade) mean { return mean{m.sum + t.price, m.n + 1} },
	)
	for w, err := range means(context.Background()) {
		fmt.Println(w.End.UTC().Format("15:04:05"), w.Value.sum/w.Value.n, err)
	}
	// Output:
	// 00:00:30 100 <nil>
	// 00:01:00 105 <nil>
	// 00:01:30 115 <nil>
	// 00:02:00 125 <nil>
	// 00:02:30 130 <nil>
}
