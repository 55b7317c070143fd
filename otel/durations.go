package rxsseotel

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/rxsse/rxsse/metrics"
)

// durations are the histograms of the connections of one stream.
type durations struct {
	connect, connection metric.Float64Histogram
	attributes          metric.MeasurementOption
}

func newDurations(meter metric.Meter, stream string) durations {
	d := durations{attributes: metric.WithAttributeSet(attribute.NewSet(attribute.String("rxsse.stream", stream)))}
	for _, definition := range metrics.Definitions() {
		switch definition.Name {
		case "rxsse.source.connect.duration":
			d.connect = newHistogram(meter, definition)
		case "rxsse.source.connection.duration":
			d.connection = newHistogram(meter, definition)
		}
	}
	return d
}

func newHistogram(meter metric.Meter, d metrics.Definition) metric.Float64Histogram {
	h, err := meter.Float64Histogram(d.Name, metric.WithDescription(d.Help), metric.WithUnit(d.Unit), metric.WithExplicitBucketBoundaries(d.Bounds...))
	if err != nil {
		otel.Handle(err) // the provider returns a histogram in any case
	}
	return h
}
