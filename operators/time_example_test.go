package operators_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// typing returns the texts of a search box while a user types.
var typing = source.Just("h", "he", "hel", "hello")

// A search runs when the user has paused, or when the stream completes.
func ExampleDebounce() {
	show(operators.Debounce(typing, time.Minute))
	// Output: hello |
}

// A steady stream has no pause for Debounce to wait for.
func ExampleDebounceMax() {
	steady := source.Interval(10 * time.Millisecond)
	settled := operators.DebounceMax(steady, 100*time.Millisecond, 200*time.Millisecond)
	for n, err := range operators.First(settled)(context.Background()) {
		fmt.Println(n >= 0, err)
	}
	// Output: true <nil>
}

// Of a burst, Throttle delivers the first item.
func ExampleThrottle() {
	show(operators.Throttle(typing, time.Minute))
	// Output: h |
}

// A display that shows the first change at once and never misses the last.
func ExampleThrottleLatest() {
	show(operators.ThrottleLatest(typing, time.Minute))
	// Output: h hello |
}

// A service that accepts ten requests per second: none is dropped.
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
	show(operators.Audit(typing, time.Minute))
	// Output: hello |
}

func ExampleSample() {
	show(operators.Sample(typing, time.Minute))
	// Output: hello |
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
	heartbeats := source.Never[string]()
	for _, err := range operators.Timeout(heartbeats, 50*time.Millisecond)(context.Background()) {
		var silence *operators.TimeoutError
		fmt.Println(errors.As(err, &silence), err)
	}
	// Output: true operators: Timeout: no item for 50ms
}

// Give up on a model that does not begin to answer. Later pauses are fine.
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
