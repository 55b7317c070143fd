package parser

import (
	"bytes"
	"errors"
	"io"

	"github.com/donovanhide/eventsource"

	"github.com/rxsse/rxsse/codec"
)

func donovanhide() contender {
	return contender{
		name: "donovanhide/eventsource",
		read: func(wire []byte) (events int, err error) {
			err = eachDonovanhide(wire, func(eventsource.Event) { events++ })
			return events, err
		},
		events: func(wire []byte) (all []codec.Event, err error) {
			err = eachDonovanhide(wire, func(e eventsource.Event) {
				all = append(all, codec.Event{Type: typed(e.Event()), Data: e.Data(), ID: e.Id()})
			})
			return all, err
		},
	}
}

func eachDonovanhide(wire []byte, f func(eventsource.Event)) error {
	d := eventsource.NewDecoder(bytes.NewReader(wire))
	for {
		e, err := d.Decode()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
		f(e)
	}
}
