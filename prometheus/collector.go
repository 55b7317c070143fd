// Package rxsseprom exports the metrics of rxsse's streams to Prometheus.
//
//	var figures metrics.Set
//	prometheus.MustRegister(rxsseprom.NewCollector(&figures))
//	http.Handle("/metrics", promhttp.Handler())
//
//	trades := source.SSE(url, figures.Source("trades"))
//
// Package metrics shows what else a Set counts, and docs/observability.md lists the metrics
// and what to alert on.
//
// Names follow the conventions of Prometheus: rxsse.source.received, in bytes, becomes
// rxsse_source_received_bytes_total. Each metric has the label stream, with the name given
// to the Set; a few have another, with a fixed set of values.
package rxsseprom

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rxsse/rxsse/metrics"
)

// A Collector is a [prometheus.Collector] for a [metrics.Set]. It reads the Set when
// Prometheus scrapes the program.
type Collector struct {
	set   *metrics.Set
	descs map[string]*prometheus.Desc // by the name of a metric
}

// NewCollector returns a collector for the metrics of set, to be registered once. It panics
// if set is nil.
func NewCollector(set *metrics.Set) *Collector {
	if set == nil {
		panic("rxsseprom: NewCollector: set is nil")
	}
	c := &Collector{set: set, descs: map[string]*prometheus.Desc{}}
	for _, d := range metrics.Definitions() {
		labels := []string{"stream"}
		if d.Label != "" {
			labels = append(labels, d.Label)
		}
		c.descs[d.Name] = prometheus.NewDesc(Name(d), d.Help, labels, nil)
	}
	return c
}

// Name returns the name of a metric in Prometheus, with its unit and, for a counter,
// "_total".
func Name(d metrics.Definition) string {
	name := strings.ReplaceAll(d.Name, ".", "_")
	switch d.Unit {
	case "s":
		name += "_seconds"
	case "By":
		name += "_bytes"
	}
	if d.Kind == metrics.Counter {
		name += "_total"
	}
	return name
}

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range c.descs {
		ch <- desc
	}
}

// Collect implements [prometheus.Collector].
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	for _, s := range c.set.Samples() {
		ch <- newMetric(c.descs[s.Name], s)
	}
}

// newMetric does not panic: a sample has the labels of its definition, in valid UTF-8.
func newMetric(desc *prometheus.Desc, s metrics.Sample) prometheus.Metric {
	labels := []string{s.Stream}
	if s.Label != "" {
		labels = append(labels, s.LabelValue)
	}
	switch s.Kind {
	case metrics.Histogram:
		var count uint64
		upTo := map[float64]uint64{} // the buckets of Prometheus are cumulative
		for i, n := range s.Counts {
			count += uint64(n) //nolint:gosec // it is never negative
			if i < len(s.Bounds) {
				upTo[s.Bounds[i]] = count
			}
		}
		return prometheus.MustNewConstHistogram(desc, count, s.Value, upTo, labels...)
	case metrics.Counter:
		return prometheus.MustNewConstMetric(desc, prometheus.CounterValue, s.Value, labels...)
	default:
		return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, s.Value, labels...)
	}
}
