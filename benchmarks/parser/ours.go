package parser

import (
	"bytes"
	"errors"
	"io"

	"github.com/rxsse/rxsse/codec"
)

// limit is the size of the largest event, for all contenders with such a setting.
const limit = 16 << 20

func lent() contender {
	return contender{
		name: "rxsse, lent bytes",
		read: func(wire []byte) (events int, err error) {
			d := codec.NewDecoder(bytes.NewReader(wire), codec.WithMaxEventSize(limit))
			for d.Scan() {
				if len(d.View().Type) > 0 {
					events++
				}
			}
			return events, d.Err()
		},
		events: func(wire []byte) (all []codec.Event, err error) {
			d := codec.NewDecoder(bytes.NewReader(wire), codec.WithMaxEventSize(limit))
			for d.Scan() {
				v := d.View()
				all = append(all, codec.Event{Type: string(v.Type), Data: string(v.Data), ID: string(v.ID)})
			}
			return all, d.Err()
		},
	}
}

func owned() contender {
	return contender{
		name: "rxsse, owned strings",
		read: func(wire []byte) (events int, err error) {
			d := codec.NewDecoder(bytes.NewReader(wire), codec.WithMaxEventSize(limit))
			for {
				_, err := d.Next()
				if errors.Is(err, io.EOF) {
					return events, nil
				}
				if err != nil {
					return events, err
				}
				events++
			}
		},
		events: func(wire []byte) (all []codec.Event, err error) {
			for e, err := range codec.NewDecoder(bytes.NewReader(wire), codec.WithMaxEventSize(limit)).Events() {
				if err != nil {
					return all, err
				}
				e.Retry = 0
				all = append(all, e)
			}
			return all, nil
		},
	}
}
