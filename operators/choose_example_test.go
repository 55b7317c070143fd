package operators_test

import (
	"strconv"
	"time"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// The first invalid value ends the stream.
func ExampleTryMap() {
	show(operators.TryMap(source.Just("1", "2", "three", "4"), strconv.Atoi))
	// Output: 1 2 # strconv.Atoi: parsing "three": invalid syntax
}

func ExampleReduce() {
	show(operators.Reduce(source.Just(1, 2, 3, 4), 0, func(sum, n int) int { return sum + n }))
	// Output: 10 |
}

func ExamplePairwise() {
	prices := source.Just(100, 103, 101)
	show(operators.Map(operators.Pairwise(prices), func(p [2]int) int { return p[1] - p[0] }))
	// Output: 3 -2 |
}

func ExampleTakeWhile() {
	show(operators.TakeWhile(source.Just("to", "be", "[DONE]", "or"), func(s string) bool { return s != "[DONE]" }))
	// Output: to be |
}

func ExampleTakeLast() {
	show(operators.TakeLast(source.Just(1, 2, 3, 4), 2))
	// Output: 3 4 |
}

func ExampleSkip() {
	show(operators.Skip(source.Just("header", "a", "b"), 1))
	// Output: a b |
}

func ExampleSkipWhile() {
	show(operators.SkipWhile(source.Just(0, 0, 7, 0), func(n int) bool { return n == 0 }))
	// Output: 7 0 |
}

func ExampleFirst() {
	show(operators.First(source.Just("a", "b", "c")))
	// Output: a |
}

func ExampleLast() {
	show(operators.Last(source.Just("a", "b", "c")))
	// Output: c |
}

func ExampleElementAt() {
	show(operators.ElementAt(source.Just("a", "b", "c"), 1))
	// Output: b |
}

// A server that repeats itself after a reconnection: events with an id that was
// among the last hundred are dropped.
func ExampleDistinct() {
	ids := source.Just(1, 2, 3, 2, 3, 4)
	show(operators.Distinct(ids, 100, func(id int) int { return id }))
	// Output: 1 2 3 4 |
}

// A sensor that repeats itself: the same alarm is shown again after an hour.
func ExampleDistinctWithin() {
	alarms := source.Just("smoke", "smoke", "water", "smoke")
	show(operators.DistinctWithin(alarms, time.Hour, 1000, func(alarm string) string { return alarm }))
	// Output: smoke water |
}

func ExampleDistinctUntilChanged() {
	show(operators.DistinctUntilChanged(source.Just("up", "up", "down", "down", "up")))
	// Output: up down up |
}

func ExampleDistinctUntilChangedFunc() {
	near := func(a, b float64) bool { return b-a < 0.5 && a-b < 0.5 }
	show(operators.DistinctUntilChangedFunc(source.Just(20.0, 20.1, 20.4, 21, 20.8), near))
	// Output: 20 21 |
}

// The consumer stops a stream that would go on forever.
func ExampleTakeUntil() {
	stop := make(chan string, 1)
	ticks := operators.Merge(source.Just("tick", "tick"), source.Never[string]())
	seen := 0
	show(operators.Map(operators.TakeUntil(ticks, source.FromChannel(stop)), func(tick string) string {
		if seen++; seen == 2 {
			stop <- "stop"
		}
		return tick
	}))
	// Output: tick tick |
}

func ExampleSkipUntil() {
	open, late := make(chan string, 1), make(chan string, 1)
	early := operators.Finally(source.Just("early"), func() { open <- "open" })
	notifier := operators.Finally(source.FromChannel(open), func() {
		late <- "late"
		close(late)
	})
	show(operators.SkipUntil(operators.Concat(early, source.FromChannel(late)), notifier))
	// Output: late |
}
