package report_test

import (
	"encoding/xml"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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
	ours := report.Series{Name: "rxsse", X: []float64{1, 10}, Values: []float64{50, 200}}
	theirs := report.Series{Name: "r3labs/sse", X: []float64{1, 10}, Values: []float64{100, 0}}
	for _, c := range []report.Chart{
		{File: "bars.svg", Groups: []string{"g", "h"}, Bars: []report.Series{ours, theirs}},
		{File: "dots.svg", Log: true, Groups: []string{"g", "h"}, Bars: []report.Series{ours, theirs}},
		{File: "lines.svg", Log: true, Over: "keys", Lines: []report.Series{ours}},
	} {
		t.Run(c.File, func(t *testing.T) {
			svg := draw(t, c)
			assert.NoError(t, xml.Unmarshal([]byte(svg), new(struct{})))
			assert.Contains(t, svg, ">rxsse<")
			assert.Contains(t, svg, "prefers-color-scheme: dark")
			bars := strings.Count(svg, "<rect") - max(len(c.Bars), len(c.Lines)) // without those of the legend
			dots := strings.Count(svg, "<circle")
			switch {
			case c.Lines != nil:
				assert.Equal(t, []int{0, 2}, []int{bars, dots})
			case c.Log:
				assert.Equal(t, []int{0, 3}, []int{bars, dots}, "a bar on a logarithmic axis has no true length")
			default:
				assert.Equal(t, []int{3, 0}, []int{bars, dots})
			}
		})
	}
}

// A bar of the value 200 is four times as long as one of the value 50.
func TestChartBars(t *testing.T) {
	svg := draw(t, report.Chart{File: "c.svg", Groups: []string{"g", "h"}, Bars: []report.Series{{Name: "rxsse", Values: []float64{50, 200}}}})
	var lengths []float64
	for _, bar := range regexp.MustCompile(`<rect class="c\d+" x="\d+" y="\d+" width="([\d.]+)" height="10"/>`).FindAllStringSubmatch(svg, -1) {
		length, err := strconv.ParseFloat(bar[1], 64)
		require.NoError(t, err)
		lengths = append(lengths, length)
	}
	require.Len(t, lengths, 2)
	assert.InDelta(t, 4, lengths[1]/lengths[0], 0.01)
}

// An axis of a few sizes has a tick at each of them, and no others.
func TestChartTicks(t *testing.T) {
	ticks := func(sizes ...float64) (all []string) {
		line := report.Series{Name: "rxsse", X: sizes, Values: slices.Repeat([]float64{10}, len(sizes))}
		svg := draw(t, report.Chart{File: "c.svg", Lines: []report.Series{line}})
		for _, m := range regexp.MustCompile(`<text class="tick"[^>]*>([^<]*)<`).FindAllStringSubmatch(svg, -1) {
			all = append(all, m[1])
		}
		return all
	}
	assert.Equal(t, []string{"1", "2", "4", "16"}, ticks(1, 2, 4, 16))
	assert.Equal(t, []string{"1", "10", "100", "1000"}, ticks(1, 3, 10, 30, 100, 300, 1000))
	assert.Equal(t, []string{"1", "2", "5", "10"}, ticks(2), "one size is no range")
}

// A contender has the same colour in every chart, and no other has it there.
func TestChartColors(t *testing.T) {
	color := func(names ...string) map[string]string {
		var all []report.Series
		for _, name := range names {
			all = append(all, report.Series{Name: name, Values: []float64{1}})
		}
		colors := map[string]string{}
		for _, m := range regexp.MustCompile(`<rect class="(c\d+)"[^>]*rx="2"/>\n<text[^>]*>([^<]*)<`).FindAllStringSubmatch(draw(t, report.Chart{File: "c.svg", Groups: []string{"g"}, Bars: all}), -1) {
			colors[m[2]] = m[1]
		}
		require.Len(t, colors, len(names))
		return colors
	}
	first := color("rxsse", "tmaxmax/go-sse", "something", "r3labs/sse")
	second := color("r3labs/sse", "rxsse", "rxsse, owned strings", "r3labs/sse again")
	assert.Equal(t, first["rxsse"], second["rxsse"])
	assert.Equal(t, first["r3labs/sse"], second["r3labs/sse"])
	assert.Len(t, slices.Compact(slices.Sorted(maps.Values(first))), 4)
	assert.Len(t, slices.Compact(slices.Sorted(maps.Values(second))), 4)
}

// With any number and length of names, none in the legend overlaps another or the plot.
func TestChartLegend(t *testing.T) {
	var all []report.Series
	for i := range 9 {
		all = append(all, report.Series{Name: strings.Repeat("long name ", 2) + strconv.Itoa(i), Values: []float64{1}})
	}
	svg := draw(t, report.Chart{File: "c.svg", Groups: []string{"g"}, Bars: all})
	places := map[string]bool{}
	lowest := 0
	for _, m := range regexp.MustCompile(`<text class="legend" x="(\d+)" y="(\d+)">([^<]*)<`).FindAllStringSubmatch(svg, -1) {
		x, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		y, err := strconv.Atoi(m[2])
		require.NoError(t, err)
		assert.LessOrEqual(t, x+7*len(m[3]), 720)
		assert.False(t, places[m[1]+","+m[2]])
		places[m[1]+","+m[2]] = true
		lowest = max(lowest, y)
	}
	require.Len(t, places, 9)
	top := regexp.MustCompile(`<path class="grid" d="M[\d.]+ (\d+) V`).FindStringSubmatch(svg)
	require.NotNil(t, top)
	begin, err := strconv.Atoi(top[1])
	require.NoError(t, err)
	assert.Less(t, lowest, begin)
}

func draw(t *testing.T, c report.Chart) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, c.Write(folder))
	return read(t, filepath.Join(folder, c.File))
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
