package operators_test

import (
	"context"
	"fmt"
	"strconv"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// A program that stores the state with its results continues after a crash in the middle of
// a window.
func ExampleWithState() {
	server := func(lastEventID string) []codec.Message[int] { // keeps its events
		var events []codec.Message[int]
		for i := 1; i <= 6; i++ {
			events = append(events, codec.Message[int]{ID: strconv.Itoa(i), Value: i})
		}
		after, _ := strconv.Atoi(lastEventID)
		return events[after:]
	}
	var stored []byte // in the database, with the results
	run := func(killedAfter int) {
		var state operators.State
		if err := state.Load(stored); err != nil {
			fmt.Println(err)
			return
		}
		events := source.Just(server(state.LastEventID())...)
		sums := operators.Aggregate(events, operators.ByCount(3), func() int { return 0 },
			func(sum int, m codec.Message[int]) int { return sum + m.Value },
			operators.WithState(&state), operators.WithEarlyAfter(1))
		for sum, err := range sums(context.Background()) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(sum.Value, "early:", sum.Early)
			stored, _ = state.Save()
			if killedAfter--; killedAfter == 0 {
				return
			}
		}
	}
	run(2)
	fmt.Println("killed")
	run(3)
	// Output:
	// 1 early: true
	// 3 early: true
	// killed
	// 6 early: false
	// 4 early: true
	// 9 early: true
}
