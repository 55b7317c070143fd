package rx

import (
	"context"
	"reflect"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
)

// A reader reads one channel of RxGo until a context ends.
type reader struct {
	ctx      context.Context //nolint:containedctx // the context of the range
	items    <-chan rxgo.Item
	done     bool // nothing is left to drain from items
	panicked *rxsse.PanicError
}

// err is the cause of the end of the context, or nil if it has not ended: RxGo closes
// its channels in both cases.
func (r *reader) err() error { return context.Cause(r.ctx) }

// next waits for an item. It returns false when RxGo has closed its channel, when the
// item carries a panic, and when the context has ended.
func (r *reader) next() (item rxgo.Item, ok bool) {
	if r.ctx.Err() != nil {
		return rxgo.Item{}, false
	}
	select {
	case item, ok = <-r.items:
	case <-r.ctx.Done():
	}
	if p := carriedPanic(item); p != nil {
		r.panicked = p
		return rxgo.Item{}, false
	}
	return item, ok
}

// deliver yields the items of r as values of T. It returns false if that has ended the
// range: after an error or a panic, or because yield returned false.
func deliver[T any](r *reader, o options, yield func(T, error) bool) bool {
	var zero T
	done := r.ctx.Done()
	for r.ctx.Err() == nil {
		// A receive that does not wait costs a fraction of a select over two channels
		// (BenchmarkOutOfRxGo).
		var item rxgo.Item
		var ok bool
		select {
		case item, ok = <-r.items:
		default:
			select {
			case item, ok = <-r.items:
			case <-done:
				return true
			}
		}
		if !ok {
			r.done = true
			return true
		}
		if item.E != nil {
			if r.panicked = carriedPanic(item); r.panicked != nil {
				return false
			}
			if o.onError != nil {
				o.onError(item.E)
				continue
			}
			yield(zero, item.E)
			return false
		}
		v, ok := item.V.(T)
		if !ok && (item.V != nil || !canBeNil[T]()) {
			yield(zero, &TypeError{Want: reflect.TypeFor[T](), Got: reflect.TypeOf(item.V)})
			return false
		}
		if !yield(v, nil) {
			return false
		}
	}
	return true
}

func canBeNil[T any]() bool {
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return true
	default:
		return false
	}
}
