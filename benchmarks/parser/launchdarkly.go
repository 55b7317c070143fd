package parser

import (
	"bytes"
	"errors"
	"io"

	"github.com/launchdarkly/eventsource"

	"github.com/rxsse/rxsse/codec"
)

func launchdarkly() contender {
	return contender{
		name:  "launchdarkly/eventsource",
		about: "reads lines on a second goroutine, so a line costs a handover",
		read: func(wire []byte) (events int, err error) {
			err = eachLaunchdarkly(wire, func(eventsource.Event) { events++ })
			return events, err
		},
		events: func(wire []byte) (all []codec.Event, err error) {
			err = eachLaunchdarkly(wire, func(e eventsource.Event) {
				id := e.Id()
				if last, ok := e.(eventsource.EventWithLastID); ok {
					id = last.LastEventID()
				}
				all = append(all, codec.Event{Type: typed(e.Event()), Data: e.Data(), ID: id})
			})
			return all, err
		},
	}
}

func eachLaunchdarkly(wire []byte, f func(eventsource.Event)) error {
	d := eventsource.NewDecoder(bytes.NewReader(wire))
	for {
		e, err := d.Decode()
		// An event that the stream does not complete is reported as unexpected,
		// and discarded as it should be.
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
		f(e)
	}
}
