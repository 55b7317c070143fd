package rxsseotel_test

import (
	"context"
	"fmt"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/metrics"
	rxsseotel "github.com/rxsse/rxsse/otel"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// A program with its own provider instead of the global one.
func ExampleRegister() {
	server := ssetest.NewServer(func(c *ssetest.Conn) { c.Send(codec.Event{Data: "81450"}) })
	defer server.Close()
	reader := sdkmetric.NewManualReader() // in production a periodic reader with an OTLP exporter
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))

	var figures metrics.Set
	registration, err := rxsseotel.Register(&figures, rxsseotel.WithMeterProvider(provider))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = registration.Unregister() }()

	trades := source.SSE(server.URL(), figures.Source("trades"), source.WithReconnect(source.ReconnectNever))
	_, err = sink.Collect(context.Background(), trades)
	fmt.Println(err)

	var collected metricdata.ResourceMetrics
	fmt.Println(reader.Collect(context.Background(), &collected))
	for _, m := range collected.ScopeMetrics[0].Metrics {
		if data, ok := m.Data.(metricdata.Sum[float64]); ok && m.Name == "rxsse.source.events" {
			fmt.Println(m.Name, data.DataPoints[0].Value)
		}
	}
	// Output:
	// <nil>
	// <nil>
	// rxsse.source.events 1
}
