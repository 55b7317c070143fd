package scale

import (
	"context"
	"fmt"
	"slices"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"

	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// stages measures a pipeline of Map after Map.
func stages(plan measure.Plan) (growth, error) {
	g := growth{
		title: "Stages in a pipeline", file: "scale-stages.svg", over: "stages (Map)", axis: "ns/item", log: true,
		table: report.Table{Columns: []string{"stages", "ns/item", "ns/item and stage", "allocs/item"}},
	}
	numbers := make([]int, 100_000)
	for _, n := range sizes(plan, 1, 2, 5, 10, 20, 50) {
		results, err := measure.Run(plan, []measure.Contender{{Name: "rxsse", Pass: func() (int, error) {
			pipeline := source.FromSeq(slices.Values(numbers))
			for range n {
				pipeline = increment(pipeline)
			}
			sum := 0
			err := sink.ForEach(context.Background(), pipeline, func(v int) error { sum += v; return nil })
			if err == nil && sum != n*len(numbers) {
				err = fmt.Errorf("the sum is %d instead of %d", sum, n*len(numbers))
			}
			return len(numbers), err
		}}})
		if err != nil {
			return g, err
		}
		r := results[0]
		g.add(r.Name, n, r.Time.Median)
		g.table.Rows = append(g.table.Rows, []string{
			fmt.Sprint(n), report.Number(r.Time.Median), report.Number(r.Time.Median / float64(n)), report.Number(r.Allocs),
		})
	}
	return g, nil
}

func increment(src rxsse.Observable[int]) rxsse.Observable[int] {
	return operators.Map(src, func(v int) int { return v + 1 })
}
