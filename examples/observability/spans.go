package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A printer is an exporter that prints a line for each span. A real program exports spans to
// a collector, for example with otlptracehttp.
type printer struct{ out io.Writer }

// ExportSpans prints spans.
func (p printer) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, s := range spans {
		var attributes []string
		for _, a := range s.Attributes() {
			attributes = append(attributes, string(a.Key)+"="+a.Value.String())
		}
		_, err := fmt.Fprintf(p.out, "%s %v %s %s\n", s.Name(), s.EndTime().Sub(s.StartTime()).Round(1e6), s.Status().Code, strings.Join(attributes, " "))
		if err != nil {
			return err
		}
	}
	return nil
}

// Shutdown does nothing: there is nothing to close.
func (printer) Shutdown(context.Context) error { return nil }
