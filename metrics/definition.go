package metrics

import (
	"slices"
	"strconv"
	"time"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A Kind is the kind of a metric.
type Kind int

const (
	// Counter is a metric that only grows, until the program ends.
	Counter Kind = iota
	// Gauge is a metric that goes up and down.
	Gauge
	// Histogram is a metric that counts measurements by size.
	Histogram
)

// A Definition describes a metric.
type Definition struct {
	// Name has dots, as OpenTelemetry wants it: "rxsse.source.events".
	Name string
	// Help is a sentence that says what the metric counts or measures.
	Help string
	// Unit is a unit of UCUM: "s", "By", "1", or "{event}" for a number of events.
	Unit string
	Kind Kind
	// Label is the name of a second label, beside that of the stream, or "".
	Label string
	// Bounds, of a Histogram, are the largest values of its buckets, in ascending order.
	Bounds []float64
}

// A Sample is the value of a metric for one stream.
type Sample struct {
	Definition

	Stream     string  // the name given to the [Set]
	LabelValue string  // of Label
	Value      float64 // in Unit; of a Histogram the sum of its measurements
	// Counts, of a Histogram, has the number of measurements in each bucket, followed by
	// the number of those above all bounds.
	Counts []int64

	index int // of the definition
}

// The metrics, as indices into definitions.
const (
	streams = iota
	connections
	completed
	failed
	attempts
	connects
	reconnects
	outcomes
	connectTimes
	connectionTimes
	events
	unterminated
	received
	processing
	lag
	lastEvent
	position

	clients
	accepted
	unknownID
	refused
	left
	published
	rejected
	repaired
	delivered
	skipped

	saves
	saveFailures
	saving
	lastSave
	savedPosition
	commitLag

	droppedItems
)

var definitions = [...]Definition{ //nolint:gochecknoglobals // a constant
	streams:         gauge("rxsse.source.streams", "Streams currently running.", "{stream}"),
	connections:     gauge("rxsse.source.connections", "Streams currently connected.", "{connection}"),
	completed:       counter("rxsse.source.completed", "Streams that completed.", "{stream}"),
	failed:          counter("rxsse.source.failed", "Streams that failed for good.", "{stream}"),
	attempts:        counter("rxsse.source.attempts", "Attempts to connect.", "{attempt}"),
	connects:        counter("rxsse.source.connects", "Attempts that the server accepted.", "{connection}"),
	reconnects:      counter("rxsse.source.reconnects", "Connections that were not the first of their stream.", "{connection}"),
	outcomes:        counterBy("outcome", "rxsse.source.outcomes", "Attempts that have ended, including their connections, by outcome.", "{attempt}"),
	connectTimes:    histogram("rxsse.source.connect.duration", "Time from the beginning of an attempt to the response that accepted it.", "s", connectBounds),
	connectionTimes: histogram("rxsse.source.connection.duration", "How long connections lasted.", "s", connectionBounds),
	events:          counter("rxsse.source.events", "Events delivered to consumers.", "{event}"),
	unterminated:    counter("rxsse.source.unterminated_events", "Events dropped because their response ended without a blank line.", "{event}"),
	received:        counter("rxsse.source.received", "Bytes of response bodies read.", "By"),
	processing:      counter("rxsse.source.processing", "Time that consumers spent on the events read.", "s"),
	lag:             gauge("rxsse.source.lag", "How long the bytes read last have been waiting for the consumer.", "s"),
	lastEvent:       gauge("rxsse.source.last_event.timestamp", "When the last event was read, in Unix time.", "s"),
	position:        gauge("rxsse.source.position", "Last event ID, if it is a whole number.", "1"),

	clients:   gauge("rxsse.broadcast.clients", "Clients currently connected.", "{client}"),
	accepted:  counter("rxsse.broadcast.accepted", "Clients that have connected.", "{client}"),
	unknownID: counter("rxsse.broadcast.unknown_ids", "Clients whose last event ID was no longer known.", "{client}"),
	refused:   counter("rxsse.broadcast.refused", "Requests that were not accepted.", "{request}"),
	left:      counterBy("reason", "rxsse.broadcast.left", "Clients that have left, by reason.", "{client}"),
	published: counter("rxsse.broadcast.events", "Events published.", "{event}"),
	rejected:  counter("rxsse.broadcast.rejected_events", "Events that could not be encoded and were not sent.", "{event}"),
	repaired:  counter("rxsse.broadcast.repaired_events", "Events with text that was repaired.", "{event}"),
	delivered: counter("rxsse.broadcast.deliveries", "Events written to clients, once per client.", "{event}"),
	skipped:   counter("rxsse.broadcast.skipped_events", "Events that slow clients missed, once per client.", "{event}"),

	saves:         counter("rxsse.commit.saves", "Positions saved.", "{save}"),
	saveFailures:  counter("rxsse.commit.failures", "Positions that could not be saved.", "{save}"),
	saving:        counter("rxsse.commit.saving", "Time spent saving positions.", "s"),
	lastSave:      gauge("rxsse.commit.last_save.timestamp", "When a position was last saved, in Unix time.", "s"),
	savedPosition: gauge("rxsse.commit.position", "Position last saved, if it is a whole number.", "1"),
	commitLag:     gauge("rxsse.commit.lag", "How long there have been events after the saved position.", "s"),

	droppedItems: counter("rxsse.buffer.dropped_items", "Items dropped because a buffer was full.", "{item}"),
}

func counter(name, help, unit string) Definition {
	return Definition{Name: name, Help: help, Unit: unit, Kind: Counter}
}

func counterBy(label, name, help, unit string) Definition {
	return Definition{Name: name, Help: help, Unit: unit, Kind: Counter, Label: label}
}

func gauge(name, help, unit string) Definition {
	return Definition{Name: name, Help: help, Unit: unit, Kind: Gauge}
}

func histogram(name, help, unit string, bounds []float64) Definition {
	return Definition{Name: name, Help: help, Unit: unit, Kind: Histogram, Bounds: bounds}
}

// The bounds are those of the histograms of source.
//
//nolint:gochecknoglobals // constants
var (
	connectBounds    = seconds(new(source.Meter).Stats().ConnectTimes.Bounds)
	connectionBounds = seconds(new(source.Meter).Stats().ConnectionTimes.Bounds)
)

func seconds(durations []time.Duration) []float64 {
	s := make([]float64, len(durations))
	for i, d := range durations {
		s[i] = d.Seconds()
	}
	return s
}

// Definitions returns the definitions of all metrics that a [Set] may have.
func Definitions() []Definition { return slices.Clone(definitions[:]) }

// A collection gathers samples.
type collection struct{ samples []Sample }

func (c *collection) add(index int, name string, value float64) {
	c.addLabelled(index, name, "", value)
}

func (c *collection) addLabelled(index int, name, label string, value float64) {
	c.samples = append(c.samples, Sample{Definition: definitions[index], Stream: name, LabelValue: label, Value: value, index: index})
}

func (c *collection) addHistogram(index int, name string, h source.Histogram) {
	c.samples = append(c.samples, Sample{Definition: definitions[index], Stream: name, Value: h.Sum.Seconds(), Counts: h.Counts, index: index})
}

// addTime adds a point in time, unless there was none.
func (c *collection) addTime(index int, name string, t time.Time) {
	if !t.IsZero() {
		c.add(index, name, float64(t.UnixMicro())/1e6)
	}
}

// addPosition adds an event ID if it is a number that a float64 can hold.
func (c *collection) addPosition(index int, name, id string) {
	const exact = 53
	if n, err := strconv.ParseUint(id, 10, 64); err == nil && n < 1<<exact {
		c.add(index, name, float64(n))
	}
}

func (c *collection) source(name string, s source.Stats) {
	c.add(streams, name, float64(s.Streams))
	c.add(connections, name, float64(s.Connections))
	c.add(completed, name, float64(s.Completed))
	c.add(failed, name, float64(s.Failed))
	c.add(attempts, name, float64(s.Attempts))
	c.add(connects, name, float64(s.Connects))
	c.add(reconnects, name, float64(s.Reconnects))
	for _, outcome := range source.Outcomes() { // even those that have not happened: a rate needs a first value
		c.addLabelled(outcomes, name, string(outcome), float64(s.Outcomes[outcome]))
	}
	c.addHistogram(connectTimes, name, s.ConnectTimes)
	c.addHistogram(connectionTimes, name, s.ConnectionTimes)
	c.add(events, name, float64(s.Events))
	c.add(unterminated, name, float64(s.Unterminated))
	c.add(received, name, float64(s.Bytes))
	c.add(processing, name, s.Processing.Seconds())
	c.add(lag, name, s.Lag.Seconds())
	c.addTime(lastEvent, name, s.LastEventAt)
	c.addPosition(position, name, s.LastEventID)
}

func (c *collection) broadcast(name string, list []*sink.Broadcaster) {
	var sum sink.BroadcastStats
	byReason := map[sink.LeaveReason]int64{}
	for _, b := range list {
		s := b.Stats()
		sum.Clients += s.Clients
		sum.Accepted += s.Accepted
		sum.UnknownIDs += s.UnknownIDs
		sum.Refused += s.Refused
		sum.Events += s.Events
		sum.Rejected += s.Rejected
		sum.Repaired += s.Repaired
		sum.Delivered += s.Delivered
		sum.Skipped += s.Skipped
		for reason, n := range s.Left {
			byReason[reason] += n
		}
	}
	c.add(clients, name, float64(sum.Clients))
	c.add(accepted, name, float64(sum.Accepted))
	c.add(unknownID, name, float64(sum.UnknownIDs))
	c.add(refused, name, float64(sum.Refused))
	for _, reason := range sink.LeaveReasons() {
		c.addLabelled(left, name, string(reason), float64(byReason[reason]))
	}
	c.add(published, name, float64(sum.Events))
	c.add(rejected, name, float64(sum.Rejected))
	c.add(repaired, name, float64(sum.Repaired))
	c.add(delivered, name, float64(sum.Delivered))
	c.add(skipped, name, float64(sum.Skipped))
}

func (c *collection) commit(name string, s commitStats) {
	c.add(saves, name, float64(s.saves))
	c.add(saveFailures, name, float64(s.failures))
	c.add(saving, name, s.saving.Seconds())
	c.addTime(lastSave, name, s.savedAt)
	c.addPosition(savedPosition, name, s.position)
	c.add(commitLag, name, s.lag.Seconds())
}
