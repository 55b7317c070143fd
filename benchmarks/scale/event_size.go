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

// eventSize measures the decoder on events of one line.
func eventSize(plan measure.Plan) (growth, error) {
	g := growth{
		title: "Bytes in an event", file: "scale-event-size.svg", over: "bytes of data", axis: "ns/byte", log: true,
		table: report.Table{Columns: []string{"bytes", "owned, ns/byte", "owned, MB/s", "owned, allocated/byte", "lent, ns/byte", "lent, MB/s"}},
	}
	for _, n := range sizes(plan, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000) {
		wire, events, err := sized(n)
		if err != nil {
			return g, err
		}
		results, err := measure.Run(plan, []measure.Contender{
			{Name: "owned strings", Pass: func() (int, error) { return len(wire), decodeOwned(wire, n, events) }},
			{Name: "lent bytes", Pass: func() (int, error) { return len(wire), decodeLent(wire, n, events) }},
		})
		if err != nil {
			return g, err
		}
		owned, lent := results[0], results[1]
		g.add(owned.Name, n, owned.Time.Median)
		g.add(lent.Name, n, lent.Time.Median)
		g.table.Rows = append(g.table.Rows, []string{
			fmt.Sprint(n),
			report.Number(owned.Time.Median), report.Number(1e3 / owned.Time.Median), report.Number(owned.Bytes),
			report.Number(lent.Time.Median), report.Number(1e3 / lent.Time.Median),
		})
	}
	return g, nil
}

// sized returns a stream of events whose data has n bytes: of 4 MB, or of four
// events where that is more.
func sized(n int) (wire []byte, events int, err error) {
	event := codec.Event{Data: strings.Repeat("x", n)}
	for len(wire) < 4<<20 || events < 4 {
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
