package rx_test

import (
	"context"
	"fmt"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse/rx"
	"github.com/rxsse/rxsse/sink"
)

// Any flow of RxGo can end in a sink too.
func ExampleFromFunc_sink() {
	squares := rx.FromFunc[int](func(opt rxgo.Option) rxgo.Observable {
		return rxgo.Range(1, 4, opt).Map(func(_ context.Context, v any) (any, error) {
			return v.(int) * v.(int), nil //nolint:errcheck,forcetypeassert // Range makes ints
		}, opt)
	})
	sum, err := sink.Reduce(context.Background(), squares, 0, func(sum, n int) (int, error) { return sum + n, nil })
	fmt.Println(sum, err)
	// Output: 30 <nil>
}
