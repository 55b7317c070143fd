package rxsseotel

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/rxsse/rxsse/metrics"
)

// Register exports the metrics of set as observable metrics, which are read when the
// provider's reader collects. Their names are those of [metrics.Definitions]. To stop, call
// Unregister on the result. Register a set once with a provider: OpenTelemetry sums what two
// registrations observe, which would double the counters. Register panics if set is nil.
//
// Histograms cannot be observable metrics; [Trace] records them.
func Register(set *metrics.Set, opts ...Option) (metric.Registration, error) {
	if set == nil {
		panic("rxsseotel: Register: set is nil")
	}
	meter := newConfig(opts).meters.Meter(scope)
	instruments := map[string]metric.Float64Observable{}
	var all []metric.Observable
	for _, d := range metrics.Definitions() {
		if d.Kind == metrics.Histogram {
			continue
		}
		instrument, err := newInstrument(meter, d)
		if err != nil {
			return nil, fmt.Errorf("rxsseotel: Register: %s: %w", d.Name, err)
		}
		instruments[d.Name] = instrument
		all = append(all, instrument)
	}
	registration, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, s := range set.Samples() {
			if s.Kind == metrics.Histogram {
				continue
			}
			attributes := []attribute.KeyValue{attribute.String("rxsse.stream", s.Stream)}
			if s.Label != "" {
				attributes = append(attributes, attribute.String("rxsse."+s.Label, s.LabelValue))
			}
			o.ObserveFloat64(instruments[s.Name], s.Value, metric.WithAttributes(attributes...))
		}
		return nil
	}, all...)
	if err != nil {
		return nil, fmt.Errorf("rxsseotel: Register: %w", err)
	}
	return registration, nil
}

func newInstrument(meter metric.Meter, d metrics.Definition) (metric.Float64Observable, error) {
	if d.Kind == metrics.Counter {
		return meter.Float64ObservableCounter(d.Name, metric.WithDescription(d.Help), metric.WithUnit(d.Unit))
	}
	return meter.Float64ObservableGauge(d.Name, metric.WithDescription(d.Help), metric.WithUnit(d.Unit))
}
