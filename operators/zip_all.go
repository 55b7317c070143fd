package operators

import (
	"context"
	"iter"
	"slices"

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
	srcs = slices.Clone(srcs)
	return func(ctx context.Context) iter.Seq2[[]T, error] {
		return func(yield func([]T, error) bool) {
			z := make(zippedAll[T], len(srcs))
			tagged := make([]rxsse.Observable[indexed[T]], len(srcs))
			for i, src := range srcs {
				z[i] = newZipped[T]()
				tagged[i] = withIndex(bounded(src, z[i].ahead), i)
			}
			q := handoff.New[indexed[T]](ctx, handoff.DefaultLimit+1)
			defer q.Stop()
			q.GoInOrder(tagged...)
			for {
				batch, signal := q.Receive(nil)
				if signal == handoff.End {
					break
				}
				for i := range batch {
					if v := &batch[i]; v.ended {
						z[v.index].ended = true
					} else {
						z[v.index].items.Push(v.value)
					}
				}
				for z.ready() && !q.Cancelled() {
					if !yield(z.next(), nil) {
						return
					}
				}
				if z.release(); z.over() {
					complete(ctx, yield)
					return
				}
			}
			if err := q.Err(); err != nil {
				fail(yield, err)
			}
		}
	}
}

// zippedAll holds the items of each of the streams that are zipped.
type zippedAll[T any] []*zipped[T]

// ready reports whether each stream has an item that waits.
func (z zippedAll[T]) ready() bool {
	for _, s := range z {
		if s.items.Len() == 0 {
			return false
		}
	}
	return true
}

// next removes the next item of each stream.
func (z zippedAll[T]) next() []T {
	items := make([]T, len(z))
	for i, s := range z {
		items[i] = s.next()
	}
	return items
}

func (z zippedAll[T]) release() {
	for _, s := range z {
		s.release()
	}
}

// over reports whether one of the streams has completed and no item of it waits.
func (z zippedAll[T]) over() bool { return slices.ContainsFunc(z, (*zipped[T]).over) }
