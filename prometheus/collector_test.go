package rxsseprom_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/metrics"
	rxsseprom "github.com/rxsse/rxsse/prometheus"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A run against a server that drops its connection, with a commit, a Broadcaster and a
// buffer, so that every figure has a value.
func TestCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := ssetest.NewMemoryServer(func(c *ssetest.Conn) {
			if c.N == 3 {
				c.Answer(204, "")
			}
			c.Send(codec.Event{ID: "1" + strings.Repeat("0", c.N), Data: "x"})
			c.Sleep(40 * time.Second)
			c.Drop()
		})
		defer server.Close()
		var set metrics.Set
		registry := prometheus.NewPedanticRegistry()
		require.NoError(t, registry.Register(rxsseprom.NewCollector(&set)))
		set.Broadcaster("trades", sink.NewBroadcaster())
		set.Dropped("trades")
		position := set.Checkpoint("trades", &memory{})
		client := source.NewClient(source.WithHTTPClient(server.Client()), set.Source("trades"))
		err := sink.Commit(t.Context(), client.Observe(server.URL()+"?token=secret", source.WithCheckpoint(position)), func([]codec.Event) error { return nil }, position)
		require.NoError(t, err)

		require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP rxsse_source_events_total Events delivered to consumers.
# TYPE rxsse_source_events_total counter
rxsse_source_events_total{stream="trades"} 2
# HELP rxsse_source_outcomes_total Attempts that have ended, including their connections, by outcome.
# TYPE rxsse_source_outcomes_total counter
rxsse_source_outcomes_total{outcome="broken",stream="trades"} 2
rxsse_source_outcomes_total{outcome="cancelled",stream="trades"} 0
rxsse_source_outcomes_total{outcome="closed",stream="trades"} 0
rxsse_source_outcomes_total{outcome="connect failed",stream="trades"} 0
rxsse_source_outcomes_total{outcome="ended",stream="trades"} 0
rxsse_source_outcomes_total{outcome="no content",stream="trades"} 1
rxsse_source_outcomes_total{outcome="reconnect requested",stream="trades"} 0
rxsse_source_outcomes_total{outcome="refused",stream="trades"} 0
rxsse_source_outcomes_total{outcome="timed out",stream="trades"} 0
# HELP rxsse_commit_position Position last saved, if it is a whole number.
# TYPE rxsse_commit_position gauge
rxsse_commit_position{stream="trades"} 100
# HELP rxsse_source_connection_duration_seconds How long connections lasted.
# TYPE rxsse_source_connection_duration_seconds histogram
rxsse_source_connection_duration_seconds_bucket{stream="trades",le="1"} 0
rxsse_source_connection_duration_seconds_bucket{stream="trades",le="10"} 0
rxsse_source_connection_duration_seconds_bucket{stream="trades",le="30"} 0
rxsse_source_connection_duration_seconds_bucket{stream="trades",le="60"} 2
rxsse_source_connection_duration_seconds_bucket{stream="trades",le="120"} 2
rxsse_source_connection_duration_seconds_bucket{stream="trades",le="300"} 2
rxsse_source_connection_duration_seconds_bucket{stream="trades",le="600"} 2
rxsse_source_connection_duration_seconds_bucket{stream="trades",le="1800"} 2
rxsse_source_connection_duration_seconds_bucket{stream="trades",le="3600"} 2
rxsse_source_connection_duration_seconds_bucket{stream="trades",le="7200"} 2
rxsse_source_connection_duration_seconds_bucket{stream="trades",le="21600"} 2
rxsse_source_connection_duration_seconds_bucket{stream="trades",le="86400"} 2
rxsse_source_connection_duration_seconds_bucket{stream="trades",le="+Inf"} 2
rxsse_source_connection_duration_seconds_sum{stream="trades"} 80
rxsse_source_connection_duration_seconds_count{stream="trades"} 2
`), "rxsse_source_connection_duration_seconds", "rxsse_source_events_total", "rxsse_source_outcomes_total", "rxsse_commit_position"))

		problems, err := testutil.GatherAndLint(registry)
		require.NoError(t, err)
		assert.Empty(t, problems)

		families, err := registry.Gather()
		require.NoError(t, err)
		present := map[string]bool{}
		for _, family := range families {
			present[family.GetName()] = true
			assert.NotContains(t, family.String(), "secret")
		}
		for _, d := range metrics.Definitions() {
			assert.True(t, present[rxsseprom.Name(d)], "no value of %s", rxsseprom.Name(d))
		}
	})
}

func TestNamesHaveUnitsAndTotal(t *testing.T) {
	got := map[string]string{}
	for _, d := range metrics.Definitions() {
		got[d.Name] = rxsseprom.Name(d)
	}
	for name, want := range map[string]string{
		"rxsse.source.received":            "rxsse_source_received_bytes_total",
		"rxsse.source.events":              "rxsse_source_events_total",
		"rxsse.source.connection.duration": "rxsse_source_connection_duration_seconds",
		"rxsse.commit.position":            "rxsse_commit_position",
	} {
		assert.Equal(t, want, got[name])
	}
}

// All names pass the linter, even without values.
func TestNames(t *testing.T) {
	var text strings.Builder
	for _, d := range metrics.Definitions() {
		kind := map[metrics.Kind]string{metrics.Counter: "counter", metrics.Gauge: "gauge", metrics.Histogram: "histogram"}[d.Kind]
		name := rxsseprom.Name(d)
		suffix := ""
		if d.Kind == metrics.Histogram {
			suffix = "_sum"
		}
		text.WriteString("# HELP " + name + " " + d.Help + "\n# TYPE " + name + " " + kind + "\n" + name + suffix + "{stream=\"x\"} 1\n")
	}
	problems, err := promlint.New(strings.NewReader(text.String())).Lint()
	require.NoError(t, err)
	assert.Empty(t, problems)
}

// A stream name that is not valid UTF-8 does not fail the scrape of all other streams.
func TestInvalidName(t *testing.T) {
	var set metrics.Set
	set.Source("\xff")
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(rxsseprom.NewCollector(&set)))
	families, err := registry.Gather()
	require.NoError(t, err, "one name must not fail the whole scrape")
	require.NotEmpty(t, families)
	assert.Equal(t, "\uFFFD", families[0].GetMetric()[0].GetLabel()[0].GetValue())
	assert.Panics(t, func() { rxsseprom.NewCollector(nil) })
}

// A memory keeps a position.
type memory struct{ id string }

func (m *memory) Load(context.Context) (string, error) { return m.id, nil }

func (m *memory) Save(_ context.Context, id string) error {
	m.id = id
	return nil
}
