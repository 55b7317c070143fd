package main

import (
	"context"
	"errors"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse/rx"
)

// An Order is what comes in, a Line is what is to be packed where.
type (
	Order struct {
		Number int    `json:"number"`
		Lines  []Line `json:"lines"`
	}
	Line struct {
		Product string `json:"product"`
		Pieces  int    `json:"pieces"`
		Store   string `json:"-"`
	}
)

func (l Line) warehouse() string { return l.Store }

// warehouses are where products are.
var warehouses = []string{"north", "south"}

// flow is as it was before it knew of rxsse: orders from the shop and from the
// telephone become lines, which are sorted by warehouse. New are opt, which each
// operator is given, and the Scope around a Merge in the midst of the flow: that sends
// whether or not anybody reads, and who is above it when the flow is left would stay.
func flow(ctx context.Context, orders rxgo.Observable, opt rxgo.Option) rxgo.Observable {
	all := rx.Scope(ctx, func(_ context.Context, opt rxgo.Option) rxgo.Observable {
		return rxgo.Merge([]rxgo.Observable{orders, telephone(opt)}, opt)
	}, opt)
	lines := all.FlatMap(func(item rxgo.Item) rxgo.Observable {
		if item.Error() { // RxGo asks for these too
			return rxgo.Thrown(item.E)
		}
		order := item.V.(Order) //nolint:errcheck,forcetypeassert // as flows of RxGo do
		values := make([]any, len(order.Lines))
		for i, line := range order.Lines {
			values[i] = line
		}
		return rxgo.Just(values...)(opt)
	}, opt)
	groups := lines.GroupBy(len(warehouses), func(item rxgo.Item) int {
		line, _ := item.V.(Line) // an error is none
		return len(line.Product) % len(warehouses)
	}, opt)
	// FlatMap would read the groups one after the other, and block: the second group
	// is not read while the first one waits. Merge reads them at once.
	var packed []rxgo.Observable
	for group := range groups.Observe(opt) {
		name := warehouses[len(packed)]
		lines := group.V.(rxgo.Observable) //nolint:errcheck,forcetypeassert // as flows of RxGo do
		packed = append(packed, lines.Map(func(_ context.Context, v any) (any, error) {
			line, _ := v.(Line) // as it came out of GroupBy
			line.Store = name
			return line, nil
		}, opt))
	}
	return rxgo.Merge(packed, opt)
}

// telephone is the orders that came by telephone, from a service that has to be asked
// twice.
func telephone(opt rxgo.Option) rxgo.Observable {
	asked := 0
	return rxgo.Defer([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
		if asked++; asked == 1 {
			next <- rxgo.Error(errors.New("the service is busy"))
			return
		}
		next <- rxgo.Of(Order{Number: -1, Lines: []Line{{Product: "candle", Pieces: 1}}})
	}}, opt).Retry(3, func(error) bool { return true }, opt)
}
