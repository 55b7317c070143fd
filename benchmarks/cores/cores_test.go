package cores

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/benchmarks/measure"
)

// Each structure has a table with a row for each contender and a column for each
// GOMAXPROCS, and all results are right.
func TestSection(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	s, err := Section(measure.Quick)
	require.NoError(t, err)
	assert.Equal(t, before, runtime.GOMAXPROCS(0), "left as it was")
	rows := map[string]int{}
	for _, table := range s.Tables {
		rows[table.Title] = len(table.Rows)
		for _, row := range table.Rows {
			require.Len(t, row, len(table.Columns), table.Title)
			if table.Columns[len(table.Columns)-1] == "result" {
				assert.Equal(t, "right", row[len(row)-1], "%s, %s", table.Title, row[0])
			}
			for _, figure := range row[1 : len(row)-1] {
				assert.NotEmpty(t, figure)
			}
		}
	}
	assert.Equal(t, map[string]int{
		"Merge of 4 streams, ns/item":                                   6,
		"Zip of 2 streams, ns/pair":                                     5,
		"Parallel of 1, in order, ns/item":                              4,
		"Parallel of 2, in order, ns/item":                              4,
		"Parallel of 4, in order, ns/item":                              4,
		"Parallel of 16, in order, ns/item":                             4,
		"Share to 4 subscribers, ns/item":                               6,
		"Broadcaster to 100 clients in memory, ns/delivery":             4,
		"rxsse: waiting for locks, and goroutines made to run, an item": 8,
	}, rows)
	assert.Len(t, s.Charts, 5)
	for _, c := range s.Charts {
		for _, line := range c.Lines {
			assert.Equal(t, []float64{1, 2, 4, 16}, line.X)
			assert.Len(t, line.Values, 4)
		}
	}
}

func TestComparison(t *testing.T) {
	of := func(name, verdict string, medians ...float64) curve {
		c := curve{name: name, verdict: verdict}
		for _, v := range medians {
			c.times = append(c.times, measure.Spread{Median: v})
		}
		return c
	}
	mine := of(ours, "right", 100, 100, 100, 100)
	assert.Equal(t,
		"Zip: **rxsse is slower** than loop at GOMAXPROCS 2 (2.00×); than ro at GOMAXPROCS 1 (1.25×), 2 (1.25×) and 16 (1.25×).",
		comparison("Zip", []curve{mine, of("loop", "right", 96, 50, 200, 100), of("ro", "right", 80, 80, 100, 80)}))
	assert.Equal(t,
		"Zip: no peer with right results is more than 5 % faster than rxsse at any GOMAXPROCS.",
		comparison("Zip", []curve{mine, of("loop", "right", 96, 100, 200, 100), of("ro", "wrong: 1 instead of 2", 1, 1, 1, 1)}))
}

func TestFewerCores(t *testing.T) {
	assert.Empty(t, fewerCores(16))
	assert.True(t, strings.HasPrefix(fewerCores(2), "This machine has 2 cores. With GOMAXPROCS at 4 and 16 the system"), fewerCores(2))
}
