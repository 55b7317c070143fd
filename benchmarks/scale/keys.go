package scale

import (
	"context"
	"fmt"
	"time"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"

	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// keys measures a sum by key in one window, beside a hand-written map, which shows how the
// processor's caches cope with many keys.
func keys(plan measure.Plan) (growth, error) {
	g := growth{
		title: "Keys in an aggregation", file: "scale-keys.svg", over: "keys", axis: "ns/item", log: true,
		table: report.Table{Columns: []string{"keys", "ns/item", "bytes/key", "map by hand, ns/item", "ratio"}},
	}
	for _, n := range sizes(plan, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000) {
		items := max(200_000, 2*n)
		results, err := measure.Run(plan, []measure.Contender{
			{Name: "rxsse", Pass: func() (int, error) { return items, aggregated(n, items) }},
			{Name: "map by hand", Pass: func() (int, error) { return items, mapped(n, items) }},
		})
		if err != nil {
			return g, err
		}
		ours, byHand := results[0], results[1]
		g.add(ours.Name, n, ours.Time.Median)
		g.add(byHand.Name, n, byHand.Time.Median)
		g.table.Rows = append(g.table.Rows, []string{
			fmt.Sprint(n),
			report.Number(ours.Time.Median),
			report.Number(ours.Bytes * float64(items) / float64(n)),
			report.Number(byHand.Time.Median),
			report.Times(ours.Time.Median, byHand.Time.Median),
		})
	}
	return g, nil
}

// scattered yields items numbers with n different values, in an order that caches cannot
// predict.
func scattered(n, items int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range items {
			if !yield(i * 7_368_787 % n) {
				return
			}
		}
	}
}

func aggregated(n, items int) error {
	counts := operators.AggregateBy(source.FromSeq(scattered(n, items)), func(v int) int { return v },
		operators.Tumbling(24*time.Hour), func() int { return 0 }, func(acc, _ int) int { return acc + 1 })
	keys, total := 0, 0
	err := sink.ForEach(context.Background(), counts, func(k operators.Keyed[int, operators.WindowResult[int]]) error {
		keys++
		total += k.Value.Value
		return nil
	})
	if err != nil {
		return err
	}
	return check(keys, total, n, items)
}

func mapped(n, items int) error {
	counts := map[int]int{}
	for v := range scattered(n, items) {
		counts[v]++
	}
	total := 0
	for _, count := range counts {
		total += count
	}
	return check(len(counts), total, n, items)
}

func check(keys, total, wantKeys, wantTotal int) error {
	if keys != wantKeys || total != wantTotal {
		return fmt.Errorf("counted %d items of %d keys instead of %d of %d", total, keys, wantTotal, wantKeys)
	}
	return nil
}
