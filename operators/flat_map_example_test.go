package operators_test

import (
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

func twice(s string) rxsse.Observable[string] { return source.Just(s, s) }

func ExampleConcatMap() {
	show(operators.ConcatMap(source.Just("a", "b"), twice))
	// Output: a a b b |
}

// Up to four requests at once, their answers as they come.
func ExampleMergeMap() {
	slow := func(ms int) rxsse.Observable[int] {
		return source.FromChannel(after(time.Duration(ms)*time.Millisecond, ms))
	}
	show(operators.MergeMap(source.Just(150, 50, 100), 4, slow))
	// Output: 50 100 150 |
}

// Only the answer to the newest question matters.
func ExampleSwitchMap() {
	answer := func(question string) rxsse.Observable[string] {
		return source.FromChannel(after(50*time.Millisecond, "answer to "+question))
	}
	show(operators.SwitchMap(source.Just("first", "second"), answer))
	// Output: answer to second |
}

// A poll that takes longer than the time between two ticks is not started twice.
func ExampleExhaustMap() {
	ticks := operators.Take(source.Interval(20*time.Millisecond), 4)
	show(operators.ExhaustMap(ticks, func(int) rxsse.Observable[string] {
		return source.FromChannel(after(time.Second, "polled"))
	}))
	// Output: polled |
}
