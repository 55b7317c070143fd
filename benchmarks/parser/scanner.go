package parser

import (
	"bufio"
	"bytes"
	"strings"

	"github.com/rxsse/rxsse/codec"
)

// scanner is the loop in programs without a library.
func scanner() contender {
	return contender{
		name:  "bufio.Scanner loop",
		about: "the hand-written loop that programs without a library have; knows neither CR as a line end nor the rules for id",
		read: func(wire []byte) (events int, err error) {
			err = eachScanned(wire, func(codec.Event) { events++ })
			return events, err
		},
		events: func(wire []byte) (all []codec.Event, err error) {
			err = eachScanned(wire, func(e codec.Event) { all = append(all, e) })
			return all, err
		},
	}
}

func eachScanned(wire []byte, f func(codec.Event)) error {
	lines := bufio.NewScanner(bytes.NewReader(wire))
	lines.Buffer(make([]byte, 64<<10), limit)
	var e codec.Event
	var data []string
	for lines.Scan() {
		line := lines.Text()
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			if len(data) > 0 {
				e.Type, e.Data = typed(e.Type), strings.Join(data, "\n")
				f(e)
			}
			e.Type, e.Data, data = "", "", data[:0]
		case name == "data":
			data = append(data, value)
		case name == "event":
			e.Type = value
		case name == "id":
			e.ID = value
		}
	}
	return lines.Err()
}
