package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/benchmarks/report"
)

func TestFileKeepsOtherSections(t *testing.T) {
	folder := t.TempDir()
	file := report.File{Folder: folder, Order: []string{"one", "two"}, Versions: []string{"peer v1"}}
	put := func(name, about string) {
		require.NoError(t, file.Put(report.Section{Name: name, Title: "The " + name, About: about}, time.Second))
	}
	put("two", "B")
	put("one", "A")
	put("two", "C")
	text := read(t, filepath.Join(folder, "RESULTS.md"))
	assert.Contains(t, text, "- peer v1")
	assert.Contains(t, text, "go run ./cmd/report -only two")
	assert.NotContains(t, text, "\nB\n", "the section that was measured again")
	assert.Less(t, strings.Index(text, "## The one\n\nA\n"), strings.Index(text, "## The two\n\nC\n"))
	assert.Equal(t, 1, strings.Count(text, "## The two"))
}

func TestSectionWrite(t *testing.T) {
	var b strings.Builder
	require.NoError(t, report.Section{
		Title: "T", About: "What.",
		Charts: []report.Chart{{File: "c.svg", Title: "C"}},
		Tables: []report.Table{{Title: "small", Columns: []string{"", "ns"}, Rows: [][]string{{"a", "1"}}}},
		Notes:  []string{"n"},
	}.Write(&b))
	assert.Equal(t, "## T\n\nWhat.\n\n![C](charts/c.svg)\n\n### small\n\n|  | ns |\n|---|--:|\n| a | 1 |\n\n- n\n", b.String())
}

func TestChartWrite(t *testing.T) {
	for _, c := range []report.Chart{
		{File: "bars.svg", Groups: []string{"g", "h"}, Bars: []report.Series{{Name: "ours", Values: []float64{1, 2}}, {Name: "theirs", Values: []float64{3, 0}}}},
		{File: "log.svg", Log: true, Groups: []string{"g"}, Bars: []report.Series{{Name: "ours", Values: []float64{1}}, {Name: "theirs", Values: []float64{3000}}}},
		{File: "lines.svg", Log: true, Over: "keys", Lines: []report.Series{{Name: "ours", X: []float64{1, 10}, Values: []float64{3, 40}}}},
	} {
		t.Run(c.File, func(t *testing.T) {
			folder := t.TempDir()
			require.NoError(t, c.Write(folder))
			svg := read(t, filepath.Join(folder, c.File))
			assert.Contains(t, svg, "<svg")
			assert.Contains(t, svg, ">ours<")
			assert.NotContains(t, svg, "font-family:Liberation Sans;", "who has no such font gets one as wide")
		})
	}
}

func TestNumbers(t *testing.T) {
	assert.Equal(t, []string{"0", "0.012", "1.23", "12.3", "1235"}, []string{
		report.Number(0), report.Number(0.012), report.Number(1.234), report.Number(12.34), report.Number(1234.5001),
	})
	assert.Equal(t, "2.00×", report.Times(6, 3))
	assert.Equal(t, []string{"500 ns", "1.50 µs", "20.0 ms", "3.00 s"}, []string{
		report.Time(500), report.Time(1500), report.Time(20 * time.Millisecond), report.Time(3 * time.Second),
	})
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
