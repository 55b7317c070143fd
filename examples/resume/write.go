package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strconv"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A Reading is a number and the ID of its event.
type Reading = codec.Message[float64]

func decode(e codec.Event) (float64, error) {
	return strconv.ParseFloat(e.Data, 64)
}

// The names of the files in the folder.
const (
	readingsFile = "readings.ndjson"
	positionFile = "position"
)

// writeDown writes the readings of the stream at url to a file in dir. It resumes after the
// last committed reading.
func writeDown(ctx context.Context, url, dir string) error {
	file, err := sink.OpenNDJSON[Reading](filepath.Join(dir, readingsFile))
	if err != nil {
		return err
	}
	position := source.NewFileCheckpoint(filepath.Join(dir, positionFile))
	events := source.SSE(url, source.WithCheckpoint(position), source.WithLogger(slog.Default()))
	readings := operators.Decode(events, codec.Keep(decode))

	// The file first, then the position: if the program is killed in between, it
	// receives the readings of the last batch again.
	err = sink.Commit(ctx, readings, file.Append, position)
	return errors.Join(err, file.Close())
}
