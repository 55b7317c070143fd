package operators_test

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// A consumer that is slower than the stream gets the newest items.
// How many quotes a slow consumer has missed.
func ExampleCountDropped() {
	var dropped atomic.Int64
	quotes := operators.Share(source.Just(1, 2, 3, 4, 5), 1, operators.OverflowLatest, operators.CountDropped(&dropped))
	delivered := 0
	for _, err := range quotes(context.Background()) {
		if err != nil {
			fmt.Println(err)
			break
		}
		delivered++
	}
	fmt.Println(delivered + int(dropped.Load()))
	// Output: 5
}

func ExampleBuffer() {
	rest, delivered := make(chan int, 4), make(chan struct{})
	quotes := operators.Concat(source.Just(1), source.FromChannel(rest))
	quotes = operators.Finally(quotes, func() { close(delivered) })
	var dropped atomic.Int64
	newest := operators.Buffer(quotes, 2, operators.OverflowDropOldest, operators.CountDropped(&dropped))
	show(operators.Map(newest, func(q int) int {
		if q == 1 { // busy until the stream has delivered the rest
			rest <- 2
			rest <- 3
			rest <- 4
			rest <- 5
			close(rest)
			<-delivered
		}
		return q
	}))
	fmt.Println("dropped:", dropped.Load())
	// Output:
	// 1 4 5 |
	// dropped: 2
}

func ExampleOverflowError() {
	rest, delivered := make(chan int, 4), make(chan struct{})
	burst := operators.Concat(source.Just(1), source.FromChannel(rest))
	burst = operators.Finally(burst, func() { close(delivered) })
	show(operators.Map(operators.Buffer(burst, 2, operators.OverflowFail), func(v int) int {
		if v == 1 { // busy until the buffer has overflowed
			rest <- 2
			rest <- 3
			rest <- 4
			<-delivered
		}
		return v
	}))
	// Output: 1 2 3 # operators: Buffer: buffer is full (2 items or 16 MiB): the consumer is slower than the stream; use a larger buffer or another overflow policy
}

// Two subscribers, one subscription. It starts with the second, so neither misses the first
// items.
func ExampleShare() {
	connections := 0
	quotes := operators.Finally(source.Just(99, 101, 100), func() { connections++ })
	shared := operators.Share(quotes, 16, operators.OverflowBlock, operators.MinSubscribers(2))

	highest := operators.Reduce(shared, 0, func(a, b int) int { return max(a, b) })
	count := operators.Reduce(shared, 0, func(n, _ int) int { return n + 1 })
	show(operators.Zip(highest, count, func(h, n int) string { return fmt.Sprintf("%d of %d", h, n) }))
	fmt.Println("connections:", connections)
	// Output:
	// 101 of 3 |
	// connections: 1
}

// One stream, split and merged again, on one connection.
func ExampleMinSubscribers() {
	trades := operators.Share(source.Just(3, -5, 4, -1), 16, operators.OverflowBlock, operators.MinSubscribers(2))
	bought := operators.Reduce(operators.Filter(trades, func(n int) bool { return n > 0 }), 0, func(sum, n int) int { return sum + n })
	sold := operators.Reduce(operators.Filter(trades, func(n int) bool { return n < 0 }), 0, func(sum, n int) int { return sum - n })
	show(operators.Zip(bought, sold, func(b, s int) string { return fmt.Sprintf("bought %d, sold %d", b, s) }))
	// Output: bought 7, sold 6 |
}

// Three readers, one after another, use one connection, and the later ones get the newest
// price at once.
func ExampleGracePeriod() {
	connections := 0
	silent := make(chan int)
	defer close(silent) // a program that exits would not need to end the feed
	feed := operators.Concat(source.Just(99), source.FromChannel(silent))
	counted := func(ctx context.Context) iter.Seq2[int, error] {
		connections++
		return feed(ctx)
	}
	prices := operators.Replay(counted, 1, 16, operators.OverflowBlock, operators.GracePeriod(time.Minute))
	for range 3 {
		show(operators.Take(prices, 1))
	}
	fmt.Println("connections:", connections)
	// Output:
	// 99 |
	// 99 |
	// 99 |
	// connections: 1
}

// A late subscriber gets the last price at once.
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

// Each part of a row comes from its own stream.
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

// A quick answer does not wait for a slow one.
func ExampleParallelUnordered() {
	answered := make(chan struct{})
	ask := func(_ context.Context, question string) (string, error) {
		if question == "slow" {
			<-answered
		}
		return question, nil
	}
	answers := operators.ParallelUnordered(source.Just("slow", "quick"), 2, ask)
	show(operators.Map(answers, func(answer string) string {
		if answer == "quick" {
			close(answered)
		}
		return answer
	}))
	// Output: quick slow |
}
