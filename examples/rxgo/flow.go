package main

import (
	"context"
	"errors"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse/rx"
)

// An Order is what the shop sends, a Line is one product to pack.
type (
	Order struct {
		Number int    `json:"number"`
		Lines  []Line `json:"lines"`
	}
	Line struct {
		Product string `json:"product"`
		Pieces  int    `json:"pieces"`
		Store   string `json:"store,omitzero"`
	}
)

var warehouses = []string{"north", "south"}

// flow is an existing RxGo flow: orders from the shop and by telephone become lines, each
// with its warehouse. Only opt, which each operator gets, and the Scope around the Merge are
// new: the telephone is an RxGo source, and without the Scope a Merge of such sources leaks
// a goroutine when an operator follows.
func flow(ctx context.Context, orders rxgo.Observable, opt rxgo.Option) rxgo.Observable {
	all := rx.Scope(ctx, func(_ context.Context, opt rxgo.Option) rxgo.Observable {
		return rxgo.Merge([]rxgo.Observable{orders, telephone(opt)}, opt)
	}, opt)
	lines := all.FlatMap(func(item rxgo.Item) rxgo.Observable {
		if item.Error() { // RxGo calls FlatMap for errors too
			return rxgo.Thrown(item.E)
		}
		order := item.V.(Order) //nolint:errcheck,forcetypeassert // RxGo has no types
		values := make([]any, len(order.Lines))
		for i, line := range order.Lines {
			values[i] = line
		}
		return rxgo.Just(values...)(opt)
	}, opt)
	groups := lines.GroupBy(len(warehouses), func(item rxgo.Item) int {
		line, _ := item.V.(Line) // an error has none
		return len(line.Product) % len(warehouses)
	}, opt)
	// FlatMap would read one group after another and block, because the second group waits
	// until it is read. Merge reads them at the same time.
	var packed []rxgo.Observable
	// There are as many groups as warehouses. With a context that ends before all are read,
	// RxGo would leave this channel open, and the loop would wait forever.
	for group := range groups.Observe(rxgo.WithContext(context.WithoutCancel(ctx))) {
		name := warehouses[len(packed)]
		lines := group.V.(rxgo.Observable) //nolint:errcheck,forcetypeassert // RxGo has no types
		packed = append(packed, lines.Map(func(_ context.Context, v any) (any, error) {
			line, _ := v.(Line)
			line.Store = name
			return line, nil
		}, opt))
	}
	return rxgo.Merge(packed, opt)
}

// telephone returns the orders by telephone, from a service that fails once.
func telephone(opt rxgo.Option) rxgo.Observable {
	calls := 0
	return rxgo.Defer([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
		if calls++; calls == 1 {
			next <- rxgo.Error(errors.New("the service is busy"))
			return
		}
		next <- rxgo.Of(Order{Number: -1, Lines: []Line{{Product: "candle", Pieces: 1}}})
	}}, opt).Retry(3, func(error) bool { return true }, opt)
}
