package operators_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// typing is somebody typing in two goes.
func typing() rxsse.Observable[string] {
	return operators.Merge(
		source.FromChannel(after(0, "h", "he", "hel", "hello")),
		source.FromChannel(after(200*time.Millisecond, "hello w", "hello world")),
	)
}

// Of each burst, Debounce delivers what it came to.
func ExampleDebounce() {
	for search, err := range operators.Debounce(typing(), 50*time.Millisecond)(context.Background()) {
		fmt.Println(search, err)
	}
	// Output:
	// hello <nil>
	// hello world <nil>
}

// A steady stream has no pause for Debounce to wait for.
func ExampleDebounceMax() {
	steady := source.Interval(10 * time.Millisecond)
	settled := operators.DebounceMax(steady, 50*time.Millisecond, 100*time.Millisecond)
	for n, err := range operators.First(settled)(context.Background()) {
		fmt.Println(n > 0, err)
	}
	// Output: true <nil>
}

// Of each burst, Throttle delivers what it began with.
func ExampleThrottle() {
	for search, err := range operators.Throttle(typing(), 100*time.Millisecond)(context.Background()) {
		fmt.Println(search, err)
	}
	// Output:
	// h <nil>
	// hello w <nil>
}

// A display that shows the first change at once, and never misses the last.
func ExampleThrottleLatest() {
	for search, err := range operators.ThrottleLatest(typing(), time.Minute)(context.Background()) {
		fmt.Println(search, err)
	}
	// Output:
	// h <nil>
	// hello world <nil>
}

// A service that takes ten requests a second: none is dropped.
func ExampleRateLimit() {
	limiter := rate.NewLimiter(10, 1)
	start := time.Now()
	show(operators.RateLimit(source.Just("a", "b", "c"), limiter))
	fmt.Println(time.Since(start) > 190*time.Millisecond)
	// Output:
	// a b c |
	// true
}

func ExampleAudit() {
	for search, err := range operators.Audit(typing(), 50*time.Millisecond)(context.Background()) {
		fmt.Println(search, err)
	}
	// Output:
	// hello <nil>
	// hello world <nil>
}

func ExampleSample() {
	for search, err := range operators.Sample(typing(), 100*time.Millisecond)(context.Background()) {
		fmt.Println(search, err)
	}
	// Output:
	// hello <nil>
	// hello world <nil>
}

func ExampleDelay() {
	start := time.Now()
	for v, err := range operators.Delay(source.Just("tic"), 50*time.Millisecond)(context.Background()) {
		fmt.Println(v, time.Since(start) >= 50*time.Millisecond, err)
	}
	// Output: tic true <nil>
}

// A stream that has fallen silent is an error like any other.
func ExampleTimeout() {
	heartbeats := operators.Merge(source.Just("beep"), source.Never[string]())
	for v, err := range operators.Timeout(heartbeats, 50*time.Millisecond)(context.Background()) {
		var silence *operators.TimeoutError
		if errors.As(err, &silence) {
			fmt.Println(err)
			break
		}
		fmt.Println(v)
	}
	// Output:
	// beep
	// operators: Timeout: no item for 50ms
}

// Give up a model that does not begin to answer. Later pauses are fine.
func ExampleTimeoutFirst() {
	show(operators.TimeoutFirst(source.Just("Hello"), time.Minute))
	show(operators.TimeoutFirst(source.Never[string](), 20*time.Millisecond))
	// Output:
	// Hello |
	// # operators: TimeoutFirst: no item for 20ms
}

func ExampleTimestamp() {
	before := time.Now()
	for v, err := range operators.Timestamp(source.Just("tic"))(context.Background()) {
		fmt.Println(v.Value, !v.Time.Before(before), err)
	}
	// Output: tic true <nil>
}

func ExampleTimeInterval() {
	late := source.FromChannel(after(50*time.Millisecond, "tic"))
	for v, err := range operators.TimeInterval(late)(context.Background()) {
		fmt.Println(v.Value, v.Interval >= 50*time.Millisecond, err)
	}
	// Output: tic true <nil>
}
