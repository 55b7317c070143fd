package operators_test

import (
	"context"
	"fmt"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// showWindows prints the items of windows.
func showWindows[T any](windows rxsse.Observable[operators.WindowOf[T]]) {
	for w, err := range windows(context.Background()) {
		fmt.Print(w.Items, " ")
		if err != nil {
			fmt.Print(err)
		}
	}
	fmt.Println()
}

// Batches of two items.
func ExampleByCount() {
	rows := source.Just("a", "b", "c", "d", "e")
	showWindows(operators.Window(rows, operators.ByCount(2)))
	// Output: [a b] [c d] [e]
}

// Batches of at most ten bytes, for a request with a size limit. An item that does not fit
// begins the next batch.
func ExampleByWeight() {
	lines := source.Just("alpha", "beta", "gamma", "a line that alone is longer", "delta")
	length := func(s string) int { return len(s) }
	showWindows(operators.Window(lines, operators.ByWeight(10, length)))
	// Output: [alpha beta] [gamma] [a line that alone is longer] [delta]
}

// Sentences of a language model, from its tokens.
func ExampleByLast() {
	tokens := source.Just("It", "works", ".", "Why", "?", "Because")
	endsSentence := func(s string) bool { return s == "." || s == "?" }
	showWindows(operators.Window(tokens, operators.ByLast(endsSentence)))
	// Output: [It works .] [Why ?] [Because]
}

// A window closes with its third item, if no item closes it before.
func ExampleItemAssigner_AtMost() {
	tokens := source.Just("a", "b", "c", "d", ".", "e")
	endsSentence := func(s string) bool { return s == "." }
	showWindows(operators.Window(tokens, operators.ByLast(endsSentence).AtMost(3)))
	// Output: [a b c] [d .] [e]
}

// A row waits at most a minute, even if its batch has room for more.
func ExampleItemAssigner_Within() {
	rows := source.Just("a", "bc", "def")
	size := func(s string) int { return len(s) }
	showWindows(operators.Window(rows, operators.ByWeight(3, size).Within(time.Minute)))
	// Output: [a bc] [def]
}

// The sum of the last three readings, after each reading.
func ExampleBySlidingCount() {
	readings := source.Just(1, 2, 3, 7, 8)
	sums := operators.Aggregate(readings, operators.BySlidingCount(3, 1),
		func() int { return 0 },
		func(sum, reading int) int { return sum + reading },
	)
	for w, err := range sums(context.Background()) {
		if !w.Partial { // the last ones have fewer than three readings
			fmt.Println(w.Value, err)
		}
	}
	// Output:
	// 6 <nil>
	// 12 <nil>
	// 18 <nil>
}

// Windows of an hour that begin at a quarter past.
func ExampleAssigner_Offset() {
	at := func(clock string) time.Time {
		t, _ := time.Parse(time.TimeOnly, clock)
		return t.AddDate(2026, 0, 0)
	}
	visits := source.Just("10:05:00", "10:14:59", "10:15:00", "11:10:00", "11:20:00")
	hours := operators.Window(visits, operators.EventTime[string]{
		Assigner:  operators.Tumbling(time.Hour).Offset(15 * time.Minute),
		Timestamp: at,
	})
	for w, err := range hours(context.Background()) {
		fmt.Println(w.Start.UTC().Format("15:04"), w.Items, err)
	}
	// Output:
	// 09:15 [10:05:00 10:14:59] <nil>
	// 10:15 [10:15:00 11:10:00] <nil>
	// 11:15 [11:20:00] <nil>
}

// Days in a time zone. The day on which the clocks are put forward has 23 hours.
func ExampleAssigner_In() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	orders := source.Just(
		time.Date(2026, 3, 28, 12, 0, 0, 0, berlin),
		time.Date(2026, 3, 29, 0, 30, 0, 0, berlin),
		time.Date(2026, 3, 29, 23, 59, 0, 0, berlin),
	)
	days := operators.Window(orders, operators.EventTime[time.Time]{
		Assigner:  operators.Tumbling(24 * time.Hour).In(berlin),
		Timestamp: func(t time.Time) time.Time { return t },
	})
	for w, err := range days(context.Background()) {
		fmt.Println(w.Start.In(berlin).Format("Jan 2"), len(w.Items), "orders in", w.End.Sub(w.Start), err)
	}
	// Output:
	// Mar 28 1 orders in 24h0m0s <nil>
	// Mar 29 2 orders in 23h0m0s <nil>
}

// A display that shows how an answer grows, two words at a time.
func ExampleWithEarlyAfter() {
	words := source.Just("Streams", "of", "events", "end", ".")
	sentence := operators.ByLast(func(word string) bool { return word == "." })
	for w, err := range operators.Window(words, sentence, operators.WithEarlyAfter(2))(context.Background()) {
		fmt.Println(w.Items, w.Early, err)
	}
	// Output:
	// [Streams of] true <nil>
	// [Streams of events end] true <nil>
	// [Streams of events end .] false <nil>
}

// A counter that is shown while its window is open.
func ExampleWithEarlyEvery() {
	clicks := operators.Concat(source.Just("a", "b"), source.Never[string]())
	counts := operators.Aggregate(clicks, operators.ByCount(1000),
		func() int { return 0 },
		func(n int, _ string) int { return n + 1 },
		operators.WithEarlyEvery(10*time.Millisecond),
	)
	for w, err := range operators.First(operators.Filter(counts, func(w operators.WindowResult[int]) bool { return w.Value == 2 }))(context.Background()) {
		fmt.Println(w.Value, w.Early, err)
	}
	// Output: 2 true <nil>
}
