package source_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A function of an operator that returns a stream returns Empty for no items, and Fail for
// an error.
func ExampleEmpty() {
	errUnknown := errors.New("unknown symbol")
	symbols := source.Just("ACME", "", "INIT", "?", "CORP")
	prices := operators.ConcatMap(symbols, func(symbol string) rxsse.Observable[string] {
		switch symbol {
		case "":
			return source.Empty[string]()
		case "?":
			return source.Fail[string](errUnknown)
		default:
			return source.Just(symbol+" 1", symbol+" 2")
		}
	})
	got, err := sink.Collect(context.Background(), prices)
	fmt.Println(got, err)
	// Output: [ACME 1 ACME 2 INIT 1 INIT 2] unknown symbol
}

// A test of a pipeline that must detect a silent stream.
func ExampleNever() {
	silent := operators.Timeout(source.Never[int](), 10*time.Millisecond)
	_, err := sink.First(context.Background(), silent)
	fmt.Println(err)
	// Output: operators: Timeout: no item for 10ms
}
