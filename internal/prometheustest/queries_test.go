// Package prometheustest evaluates the project's queries with the engine of Prometheus. It is
// a separate module because of the engine's dependencies.
package prometheustest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.yaml.in/yaml/v3"

	"github.com/rxsse/rxsse/metrics"
	rxsseprom "github.com/rxsse/rxsse/prometheus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// example is the program that exports every metric.
const example = "../../examples/observability"

// The engine of Prometheus evaluates each query of the dashboard and of the guide on the
// metrics that the program exports: every one has a result.
func TestQueries(t *testing.T) {
	program := exec.CommandContext(t.Context(), "go", "run", ".", "-for", "2500ms")
	program.Dir = example
	out, err := program.Output()
	require.NoError(t, err)
	_, text, found := strings.Cut(string(out), "what Prometheus would have got from /metrics:")
	require.True(t, found)
	scraped := newScrapes(t, text)
	queries := dashboardQueries(t)
	for _, alert := range alerts(t) {
		queries = append(queries, withoutComparison(t, alert))
	}
	for _, query := range queries {
		result := scraped.evaluate(t, query)
		assert.NotEmpty(t, result, "no result of %s", query)
	}
}

// The rules are the alerts of the guide.
func TestRules(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(example, "alerts.yml"))
	require.NoError(t, err)
	var file struct {
		Groups []struct{ Rules []struct{ Expr string } }
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	var rules []string
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			rules = append(rules, rule.Expr)
		}
	}
	assert.Equal(t, alerts(t), rules)
}

// The tables of the guide name every metric, as both systems call it.
func TestGuideListsEachMetric(t *testing.T) {
	guide := readGuide(t)
	for _, d := range metrics.Definitions() {
		unit := strings.Trim(d.Unit, "{}")
		assert.Contains(t, guide, "| `"+d.Name+"` | `"+rxsseprom.Name(d)+"` | "+unit+" |")
	}
}

// dashboardQueries returns the queries of the panels, with Grafana's variables replaced.
func dashboardQueries(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(example, "dashboard.json"))
	require.NoError(t, err)
	var board struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	require.NoError(t, json.Unmarshal(text, &board))
	var queries []string
	for _, panel := range board.Panels {
		for _, target := range panel.Targets {
			queries = append(queries, strings.NewReplacer("$__rate_interval", "1m", "$stream", ".*").Replace(target.Expr))
		}
	}
	return queries
}

// alerts returns the expressions of the alerts in the guide.
func alerts(t *testing.T) []string {
	t.Helper()
	_, section, found := strings.Cut(readGuide(t), "## What to alert on")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	var exprs []string
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), " | ")
		if len(cells) < 2 {
			continue
		}
		for _, code := range regexp.MustCompile("`[^`]+`").FindAllString(cells[1], -1) {
			exprs = append(exprs, strings.ReplaceAll(strings.Trim(code, "`"), "\x00", "|"))
		}
	}
	require.NotEmpty(t, exprs)
	return exprs
}

// withoutComparison returns the left side of an alert: the comparison is false while all is
// well.
func withoutComparison(t *testing.T, alert string) string {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(alert)
	require.NoError(t, err, alert)
	comparison, ok := expr.(*parser.BinaryExpr)
	require.True(t, ok && comparison.Op.IsComparisonOperator(), "%s compares nothing", alert)
	return comparison.LHS.String()
}

func readGuide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/observability.md")
	require.NoError(t, err)
	return string(text)
}

// scrapes are series of two scrapes, a minute apart: the first has a 0 for each value of
// the second.
type scrapes struct {
	series []storage.Series
	at     time.Time // of the second
}

// newScrapes reads the text that the program exports.
func newScrapes(t *testing.T, text string) scrapes {
	t.Helper()
	at := time.Now()
	s := scrapes{at: at}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		space := strings.LastIndexByte(line, ' ')
		metric, err := parser.NewParser(parser.Options{}).ParseMetric(line[:space])
		require.NoError(t, err, line)
		value, err := strconv.ParseFloat(line[space+1:], 64)
		require.NoError(t, err, line)
		begin := at.UnixMilli() - time.Minute.Milliseconds() + 1 // a range excludes its beginning
		s.series = append(s.series, storage.NewListSeries(metric, []chunks.Sample{sample{begin, 0}, sample{at.UnixMilli(), value}}))
	}
	require.NotEmpty(t, s.series)
	return s
}

// evaluate returns the result of a query at the time of the second scrape.
func (s scrapes) evaluate(t *testing.T, query string) promql.Vector {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1000, Timeout: time.Minute})
	defer func() { assert.NoError(t, engine.Close()) }()
	q, err := engine.NewInstantQuery(t.Context(), s, nil, query, s.at)
	require.NoError(t, err, query)
	defer q.Close()
	result := q.Exec(t.Context())
	vector, err := result.Vector()
	require.NoError(t, err, query)
	assert.Empty(t, result.Warnings, query)
	return vector
}

// Querier implements [storage.Queryable].
func (s scrapes) Querier(int64, int64) (storage.Querier, error) {
	return &storage.MockQuerier{SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
		set := &seriesSet{}
		for _, series := range s.series {
			if matches(series.Labels(), matchers) {
				set.rest = append(set.rest, series)
			}
		}
		return set
	}}, nil
}

func matches(l labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

// A sample is a value at a time in milliseconds.
type sample struct {
	t int64
	f float64
}

func (s sample) T() int64 { return s.t }

func (sample) ST() int64 { return 0 }

func (s sample) F() float64 { return s.f }

func (sample) H() *histogram.Histogram { return nil }

func (sample) FH() *histogram.FloatHistogram { return nil }

func (sample) Type() chunkenc.ValueType { return chunkenc.ValFloat }

func (s sample) Copy() chunks.Sample { return s }

// A seriesSet iterates over series.
type seriesSet struct {
	current storage.Series
	rest    []storage.Series
}

func (s *seriesSet) Next() bool {
	if len(s.rest) == 0 {
		return false
	}
	s.current, s.rest = s.rest[0], s.rest[1:]
	return true
}

func (s *seriesSet) At() storage.Series { return s.current }

func (*seriesSet) Err() error { return nil }

func (*seriesSet) Warnings() annotations.Annotations { return nil }
