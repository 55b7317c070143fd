package rx

import (
	"context"
	"errors"
	"reflect"

	"github.com/reactivex/rxgo/v2"
)

// RxGo does not export what its options set. The functions here infer it from how RxGo
// behaves.

// A boundOption is the option that a subscription of this package gives to build. It
// holds a context and nothing else, so it need not be examined.
type boundOption struct{ rxgo.Option }

// hasUserOptions reports whether opts hold options other than those of this package.
func hasUserOptions(opts []rxgo.Option) bool {
	for _, opt := range opts {
		if _, ours := opt.(boundOption); !ours {
			return true
		}
	}
	return false
}

// publishes reports whether opts hold rxgo.WithPublishStrategy. Observe returns the given
// channel without it, and a new one with it.
func publishes(opts []rxgo.Option) bool {
	if !hasUserOptions(opts) {
		return false
	}
	items := make(chan rxgo.Item)
	return rxgo.FromChannel(items, opts...).Observe() != (<-chan rxgo.Item)(items)
}

var errDrop = errors.New("rx: ToRxGo and Scope do not support rxgo.WithBackPressureStrategy(rxgo.Drop), which RxGo gives to event sources: " +
	"write rxgo.FromEventSource(rx.ToRxGo(ctx, src).Observe(), rxgo.WithBackPressureStrategy(rxgo.Drop)), " +
	"or drop before the crossing with operators.Buffer(src, n, operators.OverflowDropOldest)")

// refuseDrop panics if opts hold rxgo.WithBackPressureStrategy(rxgo.Drop).
func refuseDrop(opts []rxgo.Option) {
	if hasUserOptions(opts) && drops(opts) {
		panic(errDrop)
	}
}

// drops reports whether an event source with opts drops its items. It sends one item and
// does not read before the source has handled it: the source has then dropped the item
// and closes the channel, or it waits for the reader. In both cases the source has called
// Done of its context three times by then.
func drops(opts []rxgo.Option) bool {
	counter := &countingContext{Context: context.Background(), third: make(chan struct{})} //nolint:forbidigo // it waits for nothing
	items := make(chan rxgo.Item)
	opts = append(opts[:len(opts):len(opts)], rxgo.WithContext(counter))
	observer := rxgo.FromEventSource(items, opts...).Observe()
	items <- rxgo.Of(nil)
	close(items)
	<-counter.third
	_, kept := <-observer
	return !kept
}

// A countingContext never ends. It closes third when Done is called for the third time.
// Only one goroutine calls Done.
type countingContext struct {
	context.Context //nolint:containedctx // it is a context

	times int
	third chan struct{}
}

// Done counts the call.
func (c *countingContext) Done() <-chan struct{} {
	if c.times++; c.times == 3 {
		close(c.third)
	}
	return nil
}

// isCallersChannel reports whether it is the result of rxgo.FromChannel: what Observe
// returns is then a channel of the caller's program, whose items another reader may
// want. Of all RxGo's observables only these have a parent context.
func isCallersChannel(it rxgo.Iterable) bool {
	o, ok := it.(*rxgo.ObservableImpl)
	if !ok {
		return false
	}
	parent := reflect.ValueOf(o).Elem().FieldByName("parent")
	return parent.Kind() == reflect.Interface && !parent.IsNil()
}
