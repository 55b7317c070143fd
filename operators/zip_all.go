package operators

import (
	"context"
	"iter"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// ZipAll is [Zip] for any number of streams of one type: it delivers the first items
// of all srcs, in the order of srcs, then the second items, and so on, each as soon as
// all of them have arrived. Each slice is new and the consumer's to keep.
//
//	a:                -1---2---3--|
//	b:                ---x--y-------z|
//	c:                --p-q-r|
//	ZipAll(a, b, c):  ---[1xp]--[2yq]-------([3zr]|)
//
// It completes when one of srcs has completed and has no item left, at once if there
// are none; items of the others that wait then are dropped. When one fails, it cancels
// the others and delivers the error after the items that came before. On cancel it ends
// with the cause. Asynchronous: it holds at most 256 items of each of srcs that wait
// for the others.
//
// In RxJS it is zip of an array.
func ZipAll[T any](srcs ...rxsse.Observable[T]) rxsse.Observable[[]T] {
	mustNotHoldNil("ZipAll: srcs", srcs)
	tagged := make([]rxsse.Observable[indexed[T]], len(srcs))
	for i, src := range srcs {
		tagged[i] = withIndex(src, i)
	}
	return func(ctx context.Context) iter.Seq2[[]T, error] {
		return func(yield func([]T, error) bool) {
			waiting := make([]waitingItems[T], len(tagged))
			bounded := make([]rxsse.Observable[indexed[T]], len(tagged))
			for i, src := range tagged {
				waiting[i].room = make(chan struct{}, handoff.DefaultLimit)
				bounded[i] = waitForRoom(src, waiting[i].room)
			}
			with := 0 // how many of srcs have an item that waits
			left := false
			Merge(bounded...)(ctx)(func(v indexed[T], err error) bool {
				if err != nil {
					left = true
					return fail(yield, err)
				}
				w := &waiting[v.index]
				if v.ended {
					w.ended = true
					return w.items.len() > 0
				}
				w.items.push(v.value)
				if w.items.len() == 1 {
					with++
				}
				if with < len(waiting) {
					return true
				}
				items := make([]T, len(waiting))
				over := false
				for i := range waiting {
					var last bool
					items[i], last = waiting[i].pop()
					if last {
						with--
						over = over || waiting[i].ended
					}
				}
				left = !yield(items, nil)
				return !left && !over
			})
			if !left {
				complete(ctx, yield)
			}
		}
	}
}

// waitingItems are the items of one stream that wait for those of the others.
type waitingItems[T any] struct {
	room  chan struct{} // holds a token for each item that the stream has delivered
	items fifo[T]
	ended bool
}

// pop removes the first item. It reports whether that was the last that waits.
func (w *waitingItems[T]) pop() (v T, last bool) {
	<-w.room
	v = w.items.pop()
	return v, w.items.len() == 0
}

// waitForRoom delivers the items of src, each once there is room for it.
func waitForRoom[T any](src rxsse.Observable[indexed[T]], room chan<- struct{}) rxsse.Observable[indexed[T]] {
	return func(ctx context.Context) iter.Seq2[indexed[T], error] {
		return func(yield func(indexed[T], error) bool) {
			src(ctx)(func(v indexed[T], err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				if !v.ended {
					select {
					case room <- struct{}{}:
					case <-ctx.Done():
						return fail(yield, context.Cause(ctx))
					}
				}
				return yield(v, nil)
			})
		}
	}
}
