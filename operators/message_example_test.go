package operators_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// A relay changes the payload and keeps the type and ID of each event.
func ExampleMapValue() {
	events := source.Just(codec.Event{Type: "price", ID: "17", Data: `{"usd":2}`})
	type price struct {
		USD float64 `json:"usd"`
	}
	prices := operators.DecodeJSON[codec.Message[price]](events)
	doubled := operators.MapValue(prices, func(p price) price { return price{p.USD * 2} })
	for e, err := range operators.EncodeMessages(doubled)(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(e)
	}
	// Output:
	// event: price
	// data: {"usd":4}
	// id: 17
}

// An event with several values moves the position with its last one.
func ExampleFlatMapValue() {
	batches := source.Just(codec.Message[string]{ID: "17", Value: "a,b"})
	split := func(s string) []string { return strings.Split(s, ",") }
	for m, err := range operators.FlatMapValue(batches, split)(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s resumes after %q\n", m.Value, m.ResumeID())
	}
	// Output:
	// a resumes after ""
	// b resumes after "17"
}

func ExampleEncodeMessages() {
	src := source.Just(codec.Message[int]{Type: "count", ID: "1", Value: 42})
	for e := range operators.EncodeMessages(src)(context.Background()) {
		fmt.Print(e)
	}
	// Output:
	// event: count
	// data: 42
	// id: 1
}
