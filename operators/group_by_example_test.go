package operators_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// Each symbol's trades have their own reader.
func ExampleGroupBy() {
	trades := source.Just(
		trade{"BTC", 1, 100}, trade{"ETH", 2, 30}, trade{"BTC", 3, 105}, trade{"ETH", 4, 29}, trade{"BTC", 5, 104},
	)
	var (
		readers sync.WaitGroup
		mu      sync.Mutex
		rise    = map[string]float64{}
	)
	bySymbol := func(t trade) string { return t.symbol }
	for group, err := range operators.GroupBy(trades, bySymbol, 1000, time.Minute)(context.Background()) {
		if err != nil {
			fmt.Println(err)
			break
		}
		readers.Go(func() {
			for pair, err := range operators.Pairwise(group.Items)(context.Background()) {
				if err != nil {
					fmt.Println(err)
					return
				}
				mu.Lock()
				rise[group.Key] += pair[1].price - pair[0].price
				mu.Unlock()
			}
		})
	}
	readers.Wait()
	fmt.Println(rise)
	// Output: map[BTC:4 ETH:-1]
}

// With one open group, a new key completes the group before it: runs of equal keys.
func ExampleMaxGroups() {
	states := source.Just("on", "on", "off", "on")
	itself := func(state string) string { return state }
	for run, err := range operators.GroupBy(states, itself, 1000, time.Minute, operators.MaxGroups(1))(context.Background()) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Print(run.Key, ": ")
		show(run.Items)
	}
	// Output:
	// on: on on |
	// off: off |
	// on: on |
}
