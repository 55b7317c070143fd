package main

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A Reading is what is written down of an event.
type Reading struct {
	ID    string  `json:"id"`
	Value float64 `json:"value"`
}

func decode(e codec.Event) (Reading, error) {
	value, err := strconv.ParseFloat(e.Data, 64)
	return Reading{ID: e.ID, Value: value}, err
}

func (r Reading) id() string { return r.ID }

// The names of the files, in the folder that is given.
const (
	readingsFile = "readings.ndjson"
	positionFile = "position"
)

// writeDown writes the readings of the stream at url to a file in dir. It begins
// after the last one whose writing was committed.
func writeDown(ctx context.Context, url, dir string) error {
	file, err := sink.OpenNDJSON[Reading](filepath.Join(dir, readingsFile))
	if err != nil {
		return err
	}
	position := source.NewFileCheckpoint(filepath.Join(dir, positionFile))
	events := source.SSE(url, source.WithCheckpoint(position))
	readings := operators.Decode(events, decode)

	// The file first, then the position: killed in between, the program is given the
	// readings of the last batch again.
	err = sink.Commit(ctx, readings, file.Append, position, Reading.id)
	return errors.Join(err, file.Close())
}
