package scale

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rxsse/rxsse/codec"

	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/report"
)

// eventSize measures the decoder on events of one line, beside a copy of their data into new
// strings, the lower bound for a decoder that returns strings.
func eventSize(plan measure.Plan) (growth, error) {
	g := growth{
		title: "Bytes in an event", file: "scale-event-size.svg", over: "bytes of data", axis: "ns/byte", log: true,
		table: report.Table{Columns: []string{"bytes", "owned, ns/byte", "owned, MB/s", "owned, allocated/byte", "lent, ns/byte", "lent, MB/s", "copy by hand, ns/byte"}},
	}
	for _, n := range sizes(plan, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000) {
		wire, events, err := sized(n)
		if err != nil {
			return g, err
		}
		results, err := measure.Run(plan, []measure.Contender{
			{Name: "rxsse, owned strings", Pass: func() (int, error) { return len(wire), decodeOwned(wire, n, events) }},
			{Name: "rxsse, lent bytes", Pass: func() (int, error) { return len(wire), decodeLent(wire, n, events) }},
			{Name: "copy by hand", Pass: func() (int, error) { return len(wire), copied(wire, n, events) }},
		})
		if err != nil {
			return g, err
		}
		owned, lent, byHand := results[0], results[1], results[2]
		g.add(owned.Name, n, owned.Time.Median)
		g.add(lent.Name, n, lent.Time.Median)
		g.add(byHand.Name, n, byHand.Time.Median)
		g.table.Rows = append(g.table.Rows, []string{
			fmt.Sprint(n),
			report.Number(owned.Time.Median), report.Number(1e3 / owned.Time.Median), report.Number(owned.Bytes),
			report.Number(lent.Time.Median), report.Number(1e3 / lent.Time.Median),
			report.Number(byHand.Time.Median),
		})
	}
	return g, nil
}

// sized returns a stream of events whose data has n bytes: 16 MB, or four events if that is
// more.
func sized(n int) (wire []byte, events int, err error) {
	event := codec.Event{Data: strings.Repeat("x", n)}
	for len(wire) < 16<<20 || events < 4 {
		if wire, err = codec.AppendEvent(wire, event); err != nil {
			return nil, 0, err
		}
		events++
	}
	return wire, events, nil
}

func decodeOwned(wire []byte, n, events int) error {
	d := codec.NewDecoder(bytes.NewReader(wire), codec.WithMaxEventSize(2*n+1024))
	for i := range events {
		e, err := d.Next()
		if err != nil {
			return err
		}
		if len(e.Data) != n {
			return fmt.Errorf("event %d has %d bytes instead of %d", i, len(e.Data), n)
		}
	}
	if _, err := d.Next(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("the stream goes on after %d events", events)
	}
	return nil
}

func decodeLent(wire []byte, n, events int) error {
	d := codec.NewDecoder(bytes.NewReader(wire), codec.WithMaxEventSize(2*n+1024))
	got := 0
	for d.Scan() {
		if len(d.View().Data) != n {
			return fmt.Errorf("event %d has %d bytes instead of %d", got, len(d.View().Data), n)
		}
		got++
	}
	if d.Err() == nil && got != events {
		return fmt.Errorf("got %d events instead of %d", got, events)
	}
	return d.Err()
}

// copied makes a string of each part of the stream that is as long as an event's data.
func copied(wire []byte, n, events int) error {
	got, all := 0, make([]string, events)
	for part := range bytes.SplitSeq(wire, []byte("\n\n")) {
		if len(part) == 0 {
			continue
		}
		all[got] = string(part)
		if len(all[got]) < n {
			return fmt.Errorf("part %d has %d bytes instead of %d", got, len(all[got]), n)
		}
		all[got] = ""
		got++
	}
	if got != events {
		return fmt.Errorf("got %d parts instead of %d", got, events)
	}
	return nil
}
