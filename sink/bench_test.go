package sink_test

import (
	"context"
	"io"
	"iter"
	"slices"
	"testing"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// quote is an item of 40 bytes.
type quote struct {
	Symbol string  `json:"symbol"`
	Price  float64 `json:"price"`
	Size   int64   `json:"size"`
	At     int64   `json:"at"`
}

// quotes delivers b.N of them, as fast as they are taken.
func quotes(b *testing.B) rxsse.Observable[quote] {
	b.Helper()
	return func(context.Context) iter.Seq2[quote, error] {
		return func(yield func(quote, error) bool) {
			for i := range int64(b.N) {
				if !yield(quote{"ACME", 99.5, i, i}, nil) {
					return
				}
			}
		}
	}
}

// BenchmarkSink measures the cost of an item in the sinks that do little with it.
func BenchmarkSink(b *testing.B) {
	count := func(ctx context.Context, src rxsse.Observable[quote]) error {
		return sink.ForEach(ctx, src, func(quote) error { return nil })
	}
	event := codec.Event{Type: "quote", Data: `{"symbol":"ACME","price":99.5}`, ID: "1"}
	for _, row := range []struct {
		name string
		run  func(context.Context, rxsse.Observable[quote]) error
	}{
		{"ForEach", count},
		{"ForEachBatch", func(ctx context.Context, src rxsse.Observable[quote]) error {
			return sink.ForEachBatch(ctx, src, func([]quote) error { return nil })
		}},
		{"NDJSON", func(ctx context.Context, src rxsse.Observable[quote]) error {
			return sink.NDJSON(ctx, src, io.Discard)
		}},
		{"Tee to 1", func(ctx context.Context, src rxsse.Observable[quote]) error {
			return sink.Tee(ctx, src, count)
		}},
		{"Tee to 4", func(ctx context.Context, src rxsse.Observable[quote]) error {
			return sink.Tee(ctx, src, slices.Repeat([]sink.Sink[quote]{count}, 4)...)
		}},
		{"Broadcaster of 0", func(ctx context.Context, src rxsse.Observable[quote]) error {
			broadcaster := sink.NewBroadcaster()
			return sink.ForEach(ctx, src, func(quote) error { return broadcaster.Send(ctx, event) })
		}},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			if err := row.run(b.Context(), quotes(b)); err != nil {
				b.Fatal(err)
			}
		})
	}
}
