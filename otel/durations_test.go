package rxsseotel_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	rxsseotel "github.com/rxsse/rxsse/otel"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// collectHistograms returns the only point of each histogram, by the histogram's name.
func collectHistograms(t *testing.T, reader metric.Reader) map[string]metricdata.HistogramDataPoint[float64] {
	t.Helper()
	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &collected))
	points := map[string]metricdata.HistogramDataPoint[float64]{}
	for _, scope := range collected.ScopeMetrics {
		for _, m := range scope.Metrics {
			data, ok := m.Data.(metricdata.Histogram[float64])
			require.True(t, ok, m.Name)
			require.Len(t, data.DataPoints, 1)
			assert.Equal(t, "s", m.Unit)
			points[m.Name] = data.DataPoints[0]
		}
	}
	return points
}

// Attempts that were accepted and their connections are in the histograms, with an exemplar
// that leads to the span.
func TestDurations(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Sleep(2 * time.Second)
			c.Send(numbered(1)...)
			c.Sleep(61 * time.Second)
			c.Drop()
		case 2:
			c.Sleep(3 * time.Second)
			c.Answer(http.StatusServiceUnavailable, "busy")
		default:
			c.Answer(http.StatusNoContent, "")
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		reader := metric.NewManualReader()
		tracers, spans := recorder()
		hooks := rxsseotel.Trace("trades", rxsseotel.WithTracerProvider(tracers), rxsseotel.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader))))
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithTrace(hooks)))
		require.NoError(t, err)

		got := collectHistograms(t, reader)
		require.Len(t, got, 2)
		for name, want := range map[string]struct{ sum, bound float64 }{
			"rxsse.source.connect.duration":    {2, 2.5},
			"rxsse.source.connection.duration": {61, 120},
		} {
			p := got[name]
			assert.EqualValues(t, 1, p.Count, name)
			assert.InDelta(t, want.sum, p.Sum, 0.001, name)
			for i, n := range p.BucketCounts {
				assert.Equal(t, i < len(p.Bounds) && p.Bounds[i] == want.bound, n == 1, "%s: bucket %d", name, i)
			}
			assert.Equal(t, attribute.NewSet(attribute.String("rxsse.stream", "trades")), p.Attributes)
			require.Len(t, p.Exemplars, 1, name)
			span := spans.GetSpans()[0].SpanContext.SpanID()
			assert.Equal(t, span[:], p.Exemplars[0].SpanID, name)
		}
	})
}

// The span of a request that the program sent itself stays unchanged: the attempt has its
// own span. When its server accepted is unknown.
func TestTraceOfAResponse(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Send(numbered(1)...)
		c.Sleep(20 * time.Second)
	}, func(t *testing.T, server *ssetest.Server, _ *source.Client) {
		reader, exporter := metric.NewManualReader(), tracetest.NewInMemoryExporter()
		tracers := trace.NewTracerProvider(trace.WithSyncer(exporter))
		ctx, own := tracers.Tracer("test").Start(t.Context(), "own")
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL(), http.NoBody)
		require.NoError(t, err)
		resp, err := server.Client().Do(req) //nolint:bodyclose // the range closes it
		require.NoError(t, err)
		hooks := rxsseotel.Trace("answers", rxsseotel.WithTracerProvider(tracers), rxsseotel.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader))))
		_, err = sink.Collect(ctx, source.FromResponse(resp, source.WithTrace(hooks)))
		require.NoError(t, err)
		own.End()

		spans := exporter.GetSpans()
		require.Len(t, spans, 2)
		assert.Equal(t, "sse answers", spans[0].Name)
		assert.Equal(t, "ended", attributes(spans[0])["rxsse.outcome"])
		assert.Equal(t, "own", spans[1].Name)
		assert.Empty(t, spans[1].Attributes)
		assert.Empty(t, spans[1].Events)
		got := collectHistograms(t, reader)
		assert.NotContains(t, got, "rxsse.source.connect.duration")
		assert.InDelta(t, 20, got["rxsse.source.connection.duration"].Sum, 0.001)
	})
}

// A provider that gives no histogram is reported to the handler of OpenTelemetry, and the
// stream goes on.
func TestProviderWithoutHistograms(t *testing.T) {
	before := otel.GetErrorHandler()
	t.Cleanup(func() { otel.SetErrorHandler(before) })
	var handled []string
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { handled = append(handled, fmt.Sprint(err)) }))
	rxsseotel.Trace("trades", rxsseotel.WithMeterProvider(noop.NewMeterProvider()))
	assert.Empty(t, handled)
	rxsseotel.Trace("trades", rxsseotel.WithMeterProvider(brokenProvider{}))
	assert.Equal(t, []string{"no histograms", "no histograms"}, handled)
}

type brokenProvider struct{ noop.MeterProvider }

func (brokenProvider) Meter(string, ...api.MeterOption) api.Meter { return brokenMeter{} }

type brokenMeter struct{ noop.Meter }

func (brokenMeter) Float64Histogram(string, ...api.Float64HistogramOption) (api.Float64Histogram, error) {
	return noop.Float64Histogram{}, errors.New("no histograms")
}
