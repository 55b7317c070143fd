package parser

import (
	"github.com/rxsse/rxsse/codec"
)

// A contender is one way to read a stream.
type contender struct {
	name string
	// about is a note for the report, or empty.
	about string
	// read reads a stream to its end and returns the number of its events.
	read func(wire []byte) (events int, err error)
	// events returns the type, the data and the last event ID of each event. It is nil for
	// contenders without events.
	events func(wire []byte) ([]codec.Event, error)
}

// contenders returns all contenders, in the order of the table.
func contenders() []contender {
	return []contender{lent(), owned(), goSSE(), launchdarkly(), donovanhide(), r3labs(), scanner(), indexByte(), memcpy()}
}

// typed returns the type of an event by the standard, for contenders that document that they
// leave it empty if the stream names none.
func typed(name string) string {
	if name == "" {
		return codec.DefaultType
	}
	return name
}
