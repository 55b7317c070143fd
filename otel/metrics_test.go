package rxsseotel_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/rxsse/rxsse/metrics"
	rxsseotel "github.com/rxsse/rxsse/otel"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// The metrics that a reader collects are the samples of the Set.
func TestRegister(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Send(numbered(2)...)
			c.Drop()
		default:
			c.Answer(http.StatusNoContent, "")
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		reader := sdkmetric.NewManualReader()
		var set metrics.Set
		registration, err := rxsseotel.Register(&set, rxsseotel.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))))
		require.NoError(t, err)
		_, err = sink.Collect(t.Context(), client.Observe(server.URL()+"?token=secret", set.Source("trades")))
		require.NoError(t, err)

		type point struct{ name, stream, label string }
		got := map[point]float64{}
		collect := func() {
			clear(got)
			var collected metricdata.ResourceMetrics
			require.NoError(t, reader.Collect(t.Context(), &collected))
			for _, scope := range collected.ScopeMetrics {
				assert.Equal(t, "github.com/rxsse/rxsse/otel", scope.Scope.Name)
				for _, m := range scope.Metrics {
					var points []metricdata.DataPoint[float64]
					switch data := m.Data.(type) {
					case metricdata.Sum[float64]:
						assert.True(t, data.IsMonotonic)
						points = data.DataPoints
					case metricdata.Gauge[float64]:
						points = data.DataPoints
					}
					for _, p := range points {
						stream, _ := p.Attributes.Value("rxsse.stream")
						label := ""
						for _, key := range []attribute.Key{"rxsse.outcome", "rxsse.reason"} {
							if v, ok := p.Attributes.Value(key); ok {
								label = v.AsString()
							}
						}
						got[point{m.Name, stream.AsString(), label}] = p.Value
					}
				}
			}
		}
		collect()
		want := map[point]float64{}
		for _, s := range set.Samples() {
			if s.Kind == metrics.Histogram {
				continue
			}
			want[point{s.Name, s.Stream, s.LabelValue}] = s.Value
		}
		assert.Equal(t, want, got)
		assert.EqualValues(t, 2, got[point{"rxsse.source.events", "trades", ""}])
		assert.EqualValues(t, 1, got[point{"rxsse.source.outcomes", "trades", "broken"}])

		require.NoError(t, registration.Unregister())
		collect()
		assert.Empty(t, got)
		assert.Panics(t, func() { _, _ = rxsseotel.Register(nil) })
	})
}
