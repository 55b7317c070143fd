package operators

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/contract"
)

// from delivers items without a pause and completes.
func from[T any](items ...T) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			for i := range items {
				if ctx.Err() != nil {
					var zero T
					yield(zero, context.Cause(ctx))
					return
				}
				if !yield(items[i], nil) {
					return
				}
			}
		}
	}
}

func TestContract(t *testing.T) {
	items := []int{1, 2, 3, 4, 5, 6}
	type (
		ints = rxsse.Observable[int]
		op   = contract.Operator[int, int]
		wop  = contract.Operator[int, Windowed[int]]
	)
	for name, check := range map[string]func(*testing.T){
		"Map": op{
			Apply:     func(src ints) ints { return Map(src, func(v int) int { return -v }) },
			Panicking: func(src ints, v any) ints { return Map(src, func(int) int { panic(v) }) },
			Items:     items,
		}.Check,
		"Filter": op{
			Apply:     func(src ints) ints { return Filter(src, func(v int) bool { return v%2 == 0 }) },
			Panicking: func(src ints, v any) ints { return Filter(src, func(int) bool { panic(v) }) },
			Items:     items,
		}.Check,
		"Scan": op{
			Apply:     func(src ints) ints { return Scan(src, 0, func(a, v int) int { return a + v }) },
			Panicking: func(src ints, v any) ints { return Scan(src, 0, func(int, int) int { panic(v) }) },
			Items:     items,
		}.Check,
		"Tap": op{
			Apply:     func(src ints) ints { return Tap(src, func(int) {}) },
			Panicking: func(src ints, v any) ints { return Tap(src, func(int) { panic(v) }) },
			Items:     items,
		}.Check,
		"Take": op{
			Apply:     func(src ints) ints { return Take(src, 2) },
			Items:     items,
			EndsEarly: true,
		}.Check,
		"Take more than there is": op{
			Apply: func(src ints) ints { return Take(src, 1_000_000) },
			Items: items,
		}.Check,
		"Merge": op{
			Apply: func(src ints) ints { return Merge(src, from[int]()) },
			Items: items,
		}.Check,
		"Debounce": op{
			Apply: func(src ints) ints { return Debounce(src, 5*time.Millisecond) },
			Items: items,
		}.Check,
		"Window over time": wop{
			Apply: func(src ints) rxsse.Observable[Windowed[int]] { return Window(src, Tumbling(3*time.Second)) },
			Items: items,
		}.Check,
		"Window over a count": wop{
			Apply: func(src ints) rxsse.Observable[Windowed[int]] { return Window(src, Count(4)) },
			Items: items,
		}.Check,
	} {
		t.Run(name, check)
	}
}
