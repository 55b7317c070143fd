package operators_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// A pipeline that is used more than once is a function from Observable to
// Observable.
func Example() {
	type Price struct {
		Symbol string  `json:"symbol"`
		Price  float64 `json:"price"`
	}
	expensive := func(events rxsse.Observable[codec.Event]) rxsse.Observable[Price] {
		prices := operators.DecodeJSON[Price](operators.EventType(events, "price"))
		return operators.Filter(prices, func(p Price) bool { return p.Price > 1000 })
	}

	events := source.Just(
		codec.Event{Type: "price", Data: `{"symbol":"BTC","price":81450}`},
		codec.Event{Type: "news", Data: `quiet day`},
		codec.Event{Type: "price", Data: `{"symbol":"DOGE","price":0.13}`},
		codec.Event{Type: "price", Data: `{"symbol":"ETH","price":2918}`},
	)
	for p, err := range expensive(events)(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p.Symbol, p.Price)
	}
	// Output:
	// BTC 81450
	// ETH 2918
}

func ExampleMap() {
	show(operators.Map(source.Just("tic", "tac"), strings.ToUpper))
	// Output: TIC TAC |
}

func ExampleFilter() {
	show(operators.Filter(source.Just(1, 2, 3, 4), func(n int) bool { return n%2 == 0 }))
	// Output: 2 4 |
}

func ExampleScan() {
	show(operators.Scan(source.Just(1, 2, 3, 4), 0, func(sum, n int) int { return sum + n }))
	// Output: 1 3 6 10 |
}

func ExampleTap() {
	bytes := 0
	counted := operators.Tap(source.Just("tic", "tac", "toe"), func(s string) { bytes += len(s) })
	show(counted)
	fmt.Println(bytes, "bytes")
	// Output:
	// tic tac toe |
	// 9 bytes
}

// TapEnd sees how a stream ends, and changes nothing.
func ExampleTapEnd() {
	logged := operators.TapEnd(source.Fail[string](errors.New("offline")), func(err error) {
		fmt.Println("ended with:", err)
	})
	show(logged)
	// Output:
	// ended with: offline
	// # offline
}

// Take ends a stream that does not end by itself.
func ExampleTake() {
	naturals := source.FromSeq(func(yield func(int) bool) {
		for n := 0; yield(n); n++ {
		}
	})
	show(operators.Take(naturals, 3))
	// Output: 0 1 2 |
}

func ExampleEventType() {
	events := source.Just(
		codec.Event{Type: "token", Data: "Hello"},
		codec.Event{Type: "usage", Data: "{}"},
		codec.Event{Type: "token", Data: "world"},
	)
	show(operators.Decode(operators.EventType(events, "token"), codec.Text))
	// Output: Hello world |
}

// One invalid event need not end the stream.
func ExampleSkipInvalid() {
	events := source.Just(
		codec.Event{Type: "message", ID: "1", Data: `{"n": 1}`},
		codec.Event{Type: "message", ID: "2", Data: `{"n": "one"}`},
		codec.Event{Type: "message", ID: "3", Data: `{"n": 3}`},
	)
	type Count struct {
		N int `json:"n"`
	}
	show(operators.DecodeJSON[Count](events, operators.SkipInvalid(func(e codec.Event, _ error) {
		fmt.Print("skipped:", e.ID, " ")
	})))
	// Output: {1} skipped:2 {3} |
}

func ExampleDecodeJSON() {
	type Price struct {
		Symbol string  `json:"symbol"`
		Price  float64 `json:"price"`
	}
	events := source.Just(codec.Event{Type: "price", ID: "7", Data: `{"symbol":"BTC","price":81450}`})
	show(operators.DecodeJSON[Price](events))
	// Output: {BTC 81450} |
}

func ExampleEncodeJSON() {
	events := operators.EncodeJSON(source.Just(map[string]int{"n": 1}), "count")
	for e, err := range events(context.Background()) {
		fmt.Print(e)
		fmt.Println(err)
	}
	// Output:
	// event: count
	// data: {"n":1}
	//
	// <nil>
}

// The payload can depend on the event's type.
func ExampleDecode() {
	events := source.Just(
		codec.Event{Type: "add", Data: "7"},
		codec.Event{Type: "clear", Data: ""},
	)
	show(operators.Decode(events, func(e codec.Event) (string, error) {
		if e.Type == "clear" {
			return "everything is gone", nil
		}
		return "got " + e.Data, nil
	}))
	// Output: got 7 everything is gone |
}

func ExampleMerge() {
	ticks := source.FromChannel(after(0, "tick", "tick"))
	alarm := source.FromChannel(after(50*time.Millisecond, "ring"))
	show(operators.Merge(alarm, ticks))
	// Output: tick tick ring |
}

// One of several feeds is down: the items of the others are still delivered.
func ExampleMergeDelayError() {
	down := source.Fail[string](errors.New("the second feed is down"))
	show(operators.MergeDelayError(source.Just("a"), down, source.FromChannel(after(20*time.Millisecond, "b"))))
	// Output: a b # the second feed is down
}

func ExampleWindow() {
	for w, err := range operators.Window(source.Just(1, 2, 3, 4, 5), operators.ByCount(2))(context.Background()) {
		fmt.Println(w.Items, err)
	}
	// Output:
	// [1 2] <nil>
	// [3 4] <nil>
	// [5] <nil>
}

func ExampleTumbling() {
	readings := source.FromChannel(after(0, "20.1", "20.4", "20.2"))
	for w, err := range operators.Window(readings, operators.Tumbling(time.Hour))(context.Background()) {
		fmt.Println(w.End.Sub(w.Start), w.Items, err)
	}
	// Output: 1h0m0s [20.1 20.4 20.2] <nil>
}

// show prints what src delivers, and how it ends, on one line.
func show[T any](src rxsse.Observable[T]) {
	for v, err := range src(context.Background()) {
		if err != nil {
			fmt.Println("#", err)
			return
		}
		fmt.Print(v, " ")
	}
	fmt.Println("|")
}

// after returns a channel with items on it after d.
func after[T any](d time.Duration, items ...T) <-chan T {
	c := make(chan T, len(items))
	time.AfterFunc(d, func() {
		defer close(c)
		for _, v := range items {
			c <- v
		}
	})
	return c
}
