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

// stages measures a pipeline of Map after Map, beside equally deep calls of plain functions,
// which show what deep calls cost: a processor predicts the return addresses of only a few
// dozen.
func stages(plan measure.Plan) (growth, error) {
	g := growth{
		title: "Stages in a pipeline", file: "scale-stages.svg", over: "stages (Map)", axis: "ns/item", log: true,
		table: report.Table{Columns: []string{"stages", "ns/item", "ns/item and stage", "allocs/item", "nested calls by hand, ns/item", "ratio"}},
	}
	numbers := make([]int, 100_000)
	for _, n := range sizes(plan, 1, 2, 5, 10, 20, 50) {
		results, err := measure.Run(plan, []measure.Contender{
			{Name: "rxsse", Pass: func() (int, error) { return len(numbers), piped(numbers, n) }},
			{Name: "nested calls by hand", Pass: func() (int, error) { return len(numbers), nested(numbers, n) }},
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
			report.Number(ours.Time.Median / float64(n)),
			report.Number(ours.Allocs),
			report.Number(byHand.Time.Median),
			report.Times(ours.Time.Median, byHand.Time.Median),
		})
	}
	return g, nil
}

func piped(numbers []int, stages int) error {
	pipeline := source.FromSeq(slices.Values(numbers))
	for range stages {
		pipeline = increment(pipeline)
	}
	sum := 0
	err := sink.ForEach(context.Background(), pipeline, func(v int) error { sum += v; return nil })
	if err != nil {
		return err
	}
	return checkSum(sum, stages*len(numbers))
}

func increment(src rxsse.Observable[int]) rxsse.Observable[int] {
	return operators.Map(src, plusOne)
}

func nested(numbers []int, stages int) error {
	sum := 0
	call := func(v int) bool { sum += v; return true }
	for range stages {
		call = before(plusOne, call)
	}
	for _, v := range numbers {
		call(v)
	}
	return checkSum(sum, stages*len(numbers))
}

// before returns a function that passes f(v) to next.
func before(f func(int) int, next func(int) bool) func(int) bool {
	return func(v int) bool {
		if !next(f(v)) { // a call in tail position would also be a call
			return false
		}
		return true
	}
}

func plusOne(v int) int { return v + 1 }

func checkSum(got, want int) error {
	if got != want {
		return fmt.Errorf("the sum is %d instead of %d", got, want)
	}
	return nil
}
