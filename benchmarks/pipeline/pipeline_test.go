package pipeline

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/benchmarks/measure"
)

func TestContendersComeToTheSameResult(t *testing.T) {
	all := Trades(4100)
	want := map[string]int64{"debounce": all[len(all)-1].ID}
	sums := map[int64]int64{}
	var charged []Trade
	for _, v := range all {
		if wanted(v) {
			charged = append(charged, withFee(v))
		}
		want["merge of 4"] += v.Price * v.Qty
		sums[v.Key] += v.Price * v.Qty
	}
	for w := range slices.Chunk(charged, 100) {
		want["filter, map, window, reduce"] += turnover(w)
	}
	for k, sum := range sums {
		want["sum by key"] += (k + 1) * sum
	}
	want["fan-out to 4"] = 4 * want["merge of 4"]
	for _, p := range pipelines() {
		for _, c := range Contenders() {
			run := p.of(c)
			if p.name == "debounce" && strings.HasPrefix(c.Name, "RxGo") {
				continue // drops the last item, which the report says
			}
			if run != nil {
				t.Run(p.name+"/"+c.Name, func(t *testing.T) {
					assert.Equal(t, want[p.name], run(all))
				})
			}
		}
	}
}

func TestSection(t *testing.T) {
	s, err := Section(measure.Quick)
	require.NoError(t, err)
	require.Len(t, s.Tables, len(pipelines()))
	assert.Len(t, s.Tables[0].Rows, len(Contenders()))
}
