package parser

import (
	"bytes"
	"errors"
	"io"

	"github.com/r3labs/sse/v2"
)

// r3labs exports no parser: its reader splits the stream into blocks, and a private method of
// its client parses them.
func r3labs() contender {
	return contender{
		name:  "r3labs/sse",
		about: "only splits the stream into blocks; taking them apart is private to its client",
		read: func(wire []byte) (blocks int, err error) {
			r := sse.NewEventStreamReader(bytes.NewReader(wire), limit)
			for {
				_, err := r.ReadEvent()
				if errors.Is(err, io.EOF) {
					return blocks, nil
				}
				if err != nil {
					return blocks, err
				}
				blocks++
			}
		},
	}
}
