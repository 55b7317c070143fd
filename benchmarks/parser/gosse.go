package parser

import (
	"bytes"

	"github.com/tmaxmax/go-sse"

	"github.com/rxsse/rxsse/codec"
)

func goSSE() contender {
	config := &sse.ReadConfig{MaxEventSize: limit} // its default of 64 KB fails on the large corpus
	return contender{
		name: "tmaxmax/go-sse",
		read: func(wire []byte) (events int, err error) {
			for _, err := range sse.Read(bytes.NewReader(wire), config) {
				if err != nil {
					return events, err
				}
				events++
			}
			return events, nil
		},
		events: func(wire []byte) (all []codec.Event, err error) {
			for e, err := range sse.Read(bytes.NewReader(wire), config) {
				if err != nil {
					return all, err
				}
				all = append(all, codec.Event{Type: typed(e.Type), Data: e.Data, ID: e.LastEventID})
			}
			return all, nil
		},
	}
}
