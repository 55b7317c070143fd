package sink

import (
	"context"
	"fmt"
	"io"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/jsonline"
)

// Lines subscribes to src and writes each item to w, followed by a line feed, as
// [fmt.Fprintln] prints it: strings as they are, and whatever has a String method
// by that. It ends as [Write] does.
func Lines[T any](ctx context.Context, src rxsse.Observable[T], w io.Writer) error {
	return writeAs(ctx, "Lines", src, w, appendLine)
}

// NDJSON subscribes to src and writes each item to w as a line of JSON, encoded by
// [github.com/go-json-experiment/json]. It ends as [Write] does.
func NDJSON[T any](ctx context.Context, src rxsse.Observable[T], w io.Writer) error {
	return writeAs(ctx, "NDJSON", src, w, jsonline.Format[T]())
}

// Write subscribes to src and writes each item to w in the form that format
// appends to a buffer: [codec.AppendEvent] is one such format.
//
// Items that have come while w was busy are written with one call, and none waits
// for others to come: w needs no buffer, and a reader behind it sees each item at
// once. Write returns nil when src completes and all is written. When src fails it
// returns that error, after the items before it are written. An error of w or of
// format ends the stream; the error of an item that cannot be formatted comes after
// those before it are written. When ctx is cancelled Write returns its cause; items
// that have come and are not written by then are dropped.
//
// It runs src on a goroutine of its own, and at most 256 items wait.
//
// [codec.AppendEvent]: https://pkg.go.dev/github.com/rxsse/rxsse/codec#AppendEvent
func Write[T any](ctx context.Context, src rxsse.Observable[T], w io.Writer, format func(dst []byte, v T) ([]byte, error)) error {
	return writeAs(ctx, "Write", src, w, format)
}

func writeAs[T any](ctx context.Context, name string, src rxsse.Observable[T], w io.Writer, format func(dst []byte, v T) ([]byte, error)) error {
	var buf []byte
	return ForEachBatch(ctx, src, func(items []T) error {
		var failure error
		buf = buf[:0]
		for _, v := range items {
			formatted, err := format(buf, v)
			if err != nil {
				failure = fmt.Errorf("sink: %s: %w", name, err)
				break
			}
			buf = formatted
		}
		if len(buf) > 0 {
			n, err := w.Write(buf)
			if err == nil && n < len(buf) {
				err = io.ErrShortWrite
			}
			if err != nil {
				return fmt.Errorf("sink: %s: %w", name, err)
			}
		}
		buf = reusable(buf)
		return failure
	})
}

// maxReused is the size up to which a buffer is kept for the next batch.
const maxReused = 1 << 20

// reusable returns buf, or nothing if it is too large to be kept.
func reusable(buf []byte) []byte {
	if cap(buf) > maxReused {
		return nil
	}
	return buf[:0]
}

func appendLine[T any](dst []byte, v T) ([]byte, error) {
	if s, ok := any(v).(string); ok { // by far the most common, and free of boxing
		return append(append(dst, s...), '\n'), nil
	}
	return fmt.Appendln(dst, v), nil
}
