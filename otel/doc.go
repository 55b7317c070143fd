// Package rxsseotel exports the metrics of rxsse's streams to OpenTelemetry, and records a
// span for each connection and each saved position.
//
//	var figures metrics.Set
//	_, err := rxsseotel.Register(&figures)
//
//	trades := source.SSE(url, figures.Source("trades"), source.WithTrace(rxsseotel.Trace("trades")))
//
// Trace also records the histograms. Both use the global providers unless an [Option] says
// otherwise. docs/observability.md lists the metrics and the attributes of spans, and says
// what to alert on.
//
// # Attributes
//
// Metrics have the attribute rxsse.stream, with the name given to the Set; a few also have
// rxsse.outcome or rxsse.reason, with a fixed set of values. Only spans have URLs and event
// IDs as attributes. URLs are shown without user and password, and without the values in
// the query.
package rxsseotel

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// scope is the name of the instrumentation.
const scope = "github.com/rxsse/rxsse/otel"

// An Option sets where metrics or spans go.
type Option func(*config)

type config struct {
	meters  metric.MeterProvider
	tracers trace.TracerProvider
}

// WithMeterProvider registers metrics with p. Default: the global provider.
func WithMeterProvider(p metric.MeterProvider) Option { return func(c *config) { c.meters = p } }

// WithTracerProvider records spans with p. Default: the global provider.
func WithTracerProvider(p trace.TracerProvider) Option { return func(c *config) { c.tracers = p } }

func newConfig(opts []Option) config {
	c := config{otel.GetMeterProvider(), otel.GetTracerProvider()}
	for _, opt := range opts {
		opt(&c)
	}
	return c
}
