package operators_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

func ExampleConcat() {
	show(operators.Concat(source.Just("snapshot"), source.Just("update", "update")))
	// Output: snapshot update update |
}

func ExampleStartWith() {
	show(operators.StartWith(source.Just(1, 2), 0))
	// Output: 0 1 2 |
}

func ExampleDefaultIfEmpty() {
	show(operators.DefaultIfEmpty(source.Empty[string](), "nothing"))
	// Output: nothing |
}

func ExampleCombineLatest() {
	rates := make(chan int, 2)
	price := operators.Finally(source.Just(100), func() { // the rates follow the price
		rates <- 2
		rates <- 3
		close(rates)
	})
	show(operators.CombineLatest(price, source.FromChannel(rates), func(p, r int) int { return p * r }))
	// Output: 200 300 |
}

// The sum of several meters, once each has been read.
func ExampleCombineLatestAll() {
	kitchen, cellar, roof := source.Just(20), source.Just(12), source.Just(31)
	show(operators.Map(operators.CombineLatestAll(kitchen, cellar, roof), func(readings []int) int {
		return readings[0] + readings[1] + readings[2]
	}))
	// Output: 63 |
}

func ExampleWithLatestFrom() {
	orders := source.Just("order 1", "order 2")
	session := source.FromChannel(after(10*time.Millisecond, "Ada")) // the orders wait for it
	show(operators.WithLatestFrom(orders, session, func(order, who string) string { return order + " by " + who + "," }))
	// Output: order 1 by Ada, order 2 by Ada, |
}

// flaky fails on each subscription except the third.
func flaky() rxsse.Observable[string] {
	attempt := 0
	return operators.TryMap(source.Just("hello"), func(s string) (string, error) {
		if attempt++; attempt < 3 {
			return "", errors.New("not yet")
		}
		return s, nil
	})
}

func ExampleRetry() {
	show(operators.Retry(flaky(), operators.ExponentialBackoff(5, time.Millisecond, time.Second)))
	show(operators.Retry(flaky(), operators.ExponentialBackoff(2, time.Millisecond, time.Second)))
	// Output:
	// hello |
	// # operators: Retry: gave up after 2 attempts: not yet
}

// The decision depends on the error: a permanent one ends the stream at once.
func ExampleRetry_error() {
	errRefused := errors.New("refused")
	backoff := operators.ExponentialBackoff(5, time.Millisecond, time.Second)
	show(operators.Retry(source.Fail[string](errRefused), func(s operators.RetryState) (time.Duration, bool) {
		if errors.Is(s.Err, errRefused) {
			return 0, false
		}
		return backoff(s)
	}))
	// Output: # operators: Retry: gave up after 1 attempt: refused
}

// A language model marks the end of its answer. Without the mark the answer was cut
// off, even if the connection closed as it should.
func ExampleCompleteAt() {
	isDone := func(e codec.Event) bool { return e.Data == "[DONE]" }
	whole := source.Just(codec.Event{Type: "message", Data: "Hello"}, codec.Event{Type: "message", Data: "[DONE]"})
	show(operators.Decode(operators.CompleteAt(whole, isDone), codec.Text))
	cut := operators.Take(whole, 1)
	show(operators.Decode(operators.CompleteAt(cut, isDone), codec.Text))
	// Output:
	// Hello |
	// Hello # operators: CompleteAt: the stream completed before its end item: unexpected EOF
}

func ExampleCatch() {
	failing := operators.Concat(source.Just("live"), source.Fail[string](errors.New("offline")))
	show(operators.Catch(failing, func(error) rxsse.Observable[string] { return source.Just("cached") }))
	// Output: live cached |
}

func ExampleOnErrorReturn() {
	failing := operators.Concat(source.Just("live"), source.Fail[string](errors.New("offline")))
	show(operators.OnErrorReturn(failing, func(err error) string { return err.Error() }))
	// Output: live offline |
}

func ExampleFinally() {
	show(operators.Finally(source.Just("work"), func() { fmt.Print("clean up ") }))
	// Output: work clean up |
}

func ExampleMaterialize() {
	failing := operators.Concat(source.Just("live"), source.Fail[string](errors.New("offline")))
	show(operators.Map(operators.Materialize(failing), func(n operators.Notification[string]) string {
		if n.End {
			return fmt.Sprint("end: ", n.Err)
		}
		return n.Value
	}))
	// Output: live end: offline |
}

// Materialize lets an operator see an end as an item; Dematerialize is the way back.
// Here an error becomes a completion.
func ExampleDematerialize() {
	failing := operators.Concat(source.Just("live"), source.Fail[string](errors.New("offline")))
	quiet := operators.Map(operators.Materialize(failing), func(n operators.Notification[string]) operators.Notification[string] {
		n.Err = nil
		return n
	})
	show(operators.Dematerialize(quiet))
	// Output: live |
}
