package sink_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/rxsse/rxsse/sink"
)

// BenchmarkFile measures the cost of an item in a File that does not sync for it: encoding
// and one system call per batch.
func BenchmarkFile(b *testing.B) {
	for _, row := range []struct {
		name  string
		batch int
	}{{"one", 1}, {"batches of 100", 100}} {
		b.Run(row.name, func(b *testing.B) {
			f, err := sink.OpenNDJSON[quote](filepath.Join(b.TempDir(), "x.ndjson"), sink.WithSyncInterval(time.Hour), sink.WithRotateSize(100<<20), sink.WithKeep(1, 0))
			if err != nil {
				b.Fatal(err)
			}
			items := make([]quote, row.batch)
			b.ReportAllocs()
			for b.Loop() {
				if row.batch == 1 {
					err = f.AppendOne(items[0])
				} else {
					err = f.Append(items)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*row.batch), "ns/item")
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
