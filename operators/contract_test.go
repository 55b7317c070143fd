package operators

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rxssetest"
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
		op   = rxssetest.Operator[int, int]
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
		"TryMap": op{
			Apply:     func(src ints) ints { return TryMap(src, func(v int) (int, error) { return v, nil }) },
			Panicking: func(src ints, v any) ints { return TryMap(src, func(int) (int, error) { panic(v) }) },
			Items:     items,
		}.Check,
		"Reduce": op{
			Apply:     func(src ints) ints { return Reduce(src, 0, func(a, v int) int { return a + v }) },
			Panicking: func(src ints, v any) ints { return Reduce(src, 0, func(int, int) int { panic(v) }) },
			Items:     items,
			AtEnd:     true,
		}.Check,
		"First": op{
			Apply:     First[int],
			Items:     items,
			EndsEarly: true,
		}.Check,
		"Last": op{
			Apply: Last[int],
			Items: items,
			AtEnd: true,
		}.Check,
		"TakeLast": op{
			Apply: func(src ints) ints { return TakeLast(src, 3) },
			Items: items,
			AtEnd: true,
		}.Check,
		"Pairwise": rxssetest.Operator[int, [2]int]{
			Apply: Pairwise[int],
			Items: items,
		}.Check,
		"TakeWhile": op{
			Apply:     func(src ints) ints { return TakeWhile(src, func(v int) bool { return v < 3 }) },
			Panicking: func(src ints, v any) ints { return TakeWhile(src, func(int) bool { panic(v) }) },
			Items:     items,
			EndsEarly: true,
		}.Check,
		"Skip": op{
			Apply: func(src ints) ints { return Skip(src, 2) },
			Items: items,
		}.Check,
		"SkipWhile": op{
			Apply:     func(src ints) ints { return SkipWhile(src, func(v int) bool { return v < 3 }) },
			Panicking: func(src ints, v any) ints { return SkipWhile(src, func(int) bool { panic(v) }) },
			Items:     items,
		}.Check,
		"ElementAt": op{
			Apply:     func(src ints) ints { return ElementAt(src, 2) },
			Items:     items,
			EndsEarly: true,
		}.Check,
		"Distinct": op{
			Apply:     func(src ints) ints { return Distinct(src, 2, func(v int) int { return v }) },
			Panicking: func(src ints, v any) ints { return Distinct(src, 2, func(int) int { panic(v) }) },
			Items:     items,
		}.Check,
		"DistinctUntilChanged": op{
			Apply: DistinctUntilChanged[int],
			Panicking: func(src ints, v any) ints {
				return DistinctUntilChangedFunc(src, func(int, int) bool { panic(v) })
			},
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
	} {
		t.Run(name, check)
	}
}
