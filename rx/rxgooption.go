package rx

import (
	"context"
	"errors"
	"reflect"

	"github.com/reactivex/rxgo/v2"
)

// RxGo does not export what its options say. The functions here learn it from what
// RxGo does with them.

// A boundOption is the option that a subscription of this package gives to build. It
// holds a context and nothing else, so it needs no look.
type boundOption struct{ rxgo.Option }

// worthALook leaves out the options of this package.
func worthALook(opts []rxgo.Option) bool {
	for _, opt := range opts {
		if _, ours := opt.(boundOption); !ours {
			return true
		}
	}
	return false
}

// publishes reports whether opts hold rxgo.WithPublishStrategy: a channel is observed
// as it is without it, and through another channel with it.
func publishes(opts []rxgo.Option) bool {
	if !worthALook(opts) {
		return false
	}
	items := make(chan rxgo.Item)
	return rxgo.FromChannel(items, opts...).Observe() != (<-chan rxgo.Item)(items)
}

var errDrop = errors.New("rx: ToRxGo and Scope have no use for rxgo.WithBackPressureStrategy(rxgo.Drop), which RxGo gives to event sources: " +
	"write rxgo.FromEventSource(rx.ToRxGo(ctx, src).Observe(), rxgo.WithBackPressureStrategy(rxgo.Drop)), " +
	"or drop before the crossing with operators.Buffer(src, n, operators.DropOldest)")

// refuseDrop panics if opts hold rxgo.WithBackPressureStrategy(rxgo.Drop).
func refuseDrop(opts []rxgo.Option) {
	if worthALook(opts) && drops(opts) {
		panic(errDrop)
	}
}

// drops observes an event source that has opts, and reads nothing until the source has
// dealt with its one item: it has dropped it, and closes the channel, or it waits for
// the reader. In either case the source asks its context three times before.
func drops(opts []rxgo.Option) bool {
	asked := &askedContext{Context: context.Background(), third: make(chan struct{})}
	items := make(chan rxgo.Item)
	opts = append(opts[:len(opts):len(opts)], rxgo.WithContext(asked))
	observer := rxgo.FromEventSource(items, opts...).Observe()
	items <- rxgo.Of(nil)
	close(items)
	<-asked.third
	_, kept := <-observer
	return !kept
}

// An askedContext closes third when its Done is called for the third time. Only one
// goroutine calls it.
type askedContext struct {
	context.Context //nolint:containedctx // it is a context

	times int
	third chan struct{}
}

// Done never ends.
func (c *askedContext) Done() <-chan struct{} {
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
	if !ok || o == nil {
		return false
	}
	parent := reflect.ValueOf(o).Elem().FieldByName("parent")
	return parent.IsValid() && parent.Kind() == reflect.Interface && !parent.IsNil()
}
