package operators_test

import (
	"context"
	"fmt"
	"time"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// Trades belong to the right session in whatever order they arrive, unless they are too
// late.
func ExampleEventTime() {
	trades := source.Just(
		trade{"a", 0, 1}, trade{"c", 20, 1}, trade{"b", 10, 1}, // b joins a and c
		trade{"d", 60, 1}, trade{"e", 5, 1},
	)
	sessions := operators.Window(trades, operators.EventTime[trade]{
		Assigner:   operators.BySession(15 * time.Second),
		Timestamp:  trade.time,
		OutOfOrder: 10 * time.Second,
		Late:       func(t trade) { fmt.Println("late:", t.symbol) },
	})
	for s, err := range sessions(context.Background()) {
		fmt.Println(len(s.Items), "trades in", s.End.Sub(s.Start), err)
	}
	// Output:
	// 3 trades in 35s <nil>
	// late: e
	// 1 trades in 15s <nil>
}
