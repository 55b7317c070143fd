package operators_test

import (
	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

func twice(s string) rxsse.Observable[string] { return source.Just(s, s) }

func ExampleConcatMap() {
	show(operators.ConcatMap(source.Just("a", "b"), twice))
	// Output: a a b b |
}

// Up to four concurrent requests. Their answers arrive in the order in which they are ready.
func ExampleMergeMap() {
	slow := make(chan string, 1)
	ask := func(question string) rxsse.Observable[string] {
		if question == "slow" {
			return source.FromChannel(slow)
		}
		return source.Just(question)
	}
	show(operators.Map(operators.MergeMap(source.Just("slow", "quick"), 4, ask), func(answer string) string {
		if answer == "quick" {
			slow <- "slow"
			close(slow)
		}
		return answer
	}))
	// Output: quick slow |
}

// Only the answer to the newest question matters.
func ExampleSwitchMap() {
	answer := func(question string) rxsse.Observable[string] {
		if question == "first" {
			return source.Never[string]() // still thinking when the next question comes
		}
		return source.Just("answer to " + question)
	}
	show(operators.SwitchMap(source.Just("first", "second"), answer))
	// Output: answer to second |
}

// A poll that takes longer than the time between two ticks is not started twice.
func ExampleExhaustMap() {
	polled := make(chan string, 1)
	ticks := operators.Finally(source.Just(1, 2, 3, 4), func() {
		polled <- "polled"
		close(polled)
	})
	show(operators.ExhaustMap(ticks, func(int) rxsse.Observable[string] {
		return source.FromChannel(polled) // its answer comes after the fourth tick
	}))
	// Output: polled |
}
