package rxro_test

import (
	"context"
	"iter"
	"testing"

	"github.com/samber/ro"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rxro"
)

const benchItems = 10_000

func numbers(n int) rxsse.Observable[int] {
	return func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				if !yield(i, nil) {
					return
				}
			}
		}
	}
}

func perItem(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchItems, "ns/item")
}

// BenchmarkThroughRo measures the crossing to ro and back, next to ro alone.
func BenchmarkThroughRo(b *testing.B) {
	b.Run("ro alone", func(b *testing.B) {
		b.ReportAllocs()
		o := ro.Range(0, benchItems)
		for b.Loop() {
			n := 0
			o.Subscribe(ro.OnNext(func(int64) { n++ }))
			if n != benchItems {
				b.Fatal(n, "items")
			}
		}
		perItem(b)
	})
	b.Run("ToRo", func(b *testing.B) {
		b.ReportAllocs()
		o := rxro.ToRo(numbers(benchItems))
		for b.Loop() {
			n := 0
			o.Subscribe(ro.OnNext(func(int) { n++ })).Wait()
			if n != benchItems {
				b.Fatal(n, "items")
			}
		}
		perItem(b)
	})
	b.Run("From", func(b *testing.B) {
		b.ReportAllocs()
		o := rxro.From(ro.Range(0, benchItems))
		for b.Loop() {
			n := 0
			for range o(b.Context()) {
				n++
			}
			if n != benchItems {
				b.Fatal(n, "items")
			}
		}
		perItem(b)
	})
	b.Run("both ways", func(b *testing.B) {
		b.ReportAllocs()
		o := rxro.From(rxro.ToRo(numbers(benchItems)))
		for b.Loop() {
			n := 0
			for range o(b.Context()) {
				n++
			}
			if n != benchItems {
				b.Fatal(n, "items")
			}
		}
		perItem(b)
	})
}
