package operators_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

func ExampleBuffer() {
	quotes := operators.Concat(source.Just(1), source.FromChannel(after(10*time.Millisecond, 2, 3, 4, 5)))
	var dropped atomic.Int64
	newest := operators.Buffer(quotes, 2, operators.OverflowDropOldest, operators.CountDropped(&dropped))
	show(operators.Map(newest, func(q int) int {
		time.Sleep(100 * time.Millisecond) // too slow for all of them
		return q
	}))
	fmt.Println("dropped:", dropped.Load())
	// Output:
	// 1 4 5 |
	// dropped: 2
}

func ExampleOverflowError() {
	burst := operators.Concat(source.Just(1), source.FromChannel(after(10*time.Millisecond, 2, 3, 4, 5)))
	show(operators.Map(operators.Buffer(burst, 2, operators.OverflowFail), func(v int) int {
		time.Sleep(100 * time.Millisecond)
		return v
	}))
	// Output: 1 2 3 # operators: Buffer: buffer is full (2 items or 16 MiB): the consumer is slower than the stream; use a larger buffer or another overflow policy
}

// Two subscribers, one subscription.
func ExampleShare() {
	connections := 0
	feed := source.FromChannel(after(50*time.Millisecond, 99, 101, 100))
	quotes := operators.Finally(feed, func() { connections++ })
	shared := operators.Share(quotes, 16, operators.OverflowBlock)

	highest := operators.Reduce(shared, 0, func(a, b int) int { return max(a, b) })
	count := operators.Reduce(shared, 0, func(n, _ int) int { return n + 1 })
	show(operators.Zip(highest, count, func(h, n int) string { return fmt.Sprintf("%d of %d", h, n) }))
	fmt.Println("connections:", connections)
	// Output:
	// 101 of 3 |
	// connections: 1
}

// Who comes late is told the last price at once.
func ExampleReplay() {
	prices := operators.Replay(source.Just(99, 101, 100), 1, 16, operators.OverflowBlock)
	show(prices)
	show(prices)
	// Output:
	// 99 101 100 |
	// 100 |
}

func ExampleZip() {
	questions := source.Just("1+1", "2+2", "3+3")
	answers := source.Just(2, 4)
	show(operators.Zip(questions, answers, func(q string, a int) string { return fmt.Sprintf("%s=%d", q, a) }))
	// Output: 1+1=2 2+2=4 |
}

// The parts of each row come from streams of their own.
func ExampleZipAll() {
	names := source.Just("Ada", "Bob")
	cities := source.Just("London", "Paris", "Rome")
	show(operators.ZipAll(names, cities))
	// Output: [Ada London] [Bob Paris] |
}

// The mirror that answers first is used.
func ExampleRace() {
	near := source.FromChannel(after(0, "near"))
	far := source.FromChannel(after(time.Hour, "far"))
	show(operators.Race(far, near))
	// Output: near |
}

func ExampleParallel() {
	lookUp := func(ctx context.Context, user string) (string, error) {
		select { // a slow service
		case <-time.After(10 * time.Millisecond):
			return "hello " + user, nil
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	show(operators.Parallel(source.Just("Ada,", "Bob,", "Eve"), 3, lookUp))
	// Output: hello Ada, hello Bob, hello Eve |
}

func ExampleParallelUnordered() {
	wait := func(_ context.Context, d time.Duration) (time.Duration, error) {
		time.Sleep(d)
		return d, nil
	}
	show(operators.ParallelUnordered(source.Just(100*time.Millisecond, 10*time.Millisecond), 2, wait))
	// Output: 10ms 100ms |
}
