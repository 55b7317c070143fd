package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/jsonline"
)

// Lines subscribes to src and writes each item to w as [fmt.Fprintln] does, one per line.
// It ends and flushes as [Write] does.
func Lines[T any](ctx context.Context, src rxsse.Observable[T], w io.Writer) error {
	return writeAs(ctx, "Lines", src, w, appendLine)
}

// NDJSON subscribes to src and writes each item to w as a line of JSON, encoded by
// github.com/go-json-experiment/json with opts. Options that would spread an item over
// several lines have no effect. It ends and flushes as [Write] does.
func NDJSON[T any](ctx context.Context, src rxsse.Observable[T], w io.Writer, opts ...json.Options) error {
	return writeAs(ctx, "NDJSON", src, w, jsonline.Format[T](opts...))
}

// LinesTo returns [Lines] to w as a [Sink], for [Tee].
func LinesTo[T any](w io.Writer) Sink[T] {
	return func(ctx context.Context, src rxsse.Observable[T]) error { return Lines(ctx, src, w) }
}

// NDJSONTo returns [NDJSON] to w as a [Sink], for [Tee].
func NDJSONTo[T any](w io.Writer, opts ...json.Options) Sink[T] {
	return func(ctx context.Context, src rxsse.Observable[T]) error { return NDJSON(ctx, src, w, opts...) }
}

// Write subscribes to src and writes each item to w as encoded by format, which appends it
// to a buffer as codec.AppendEvent does. To answer an HTTP request with events, use
// [Serve].
//
// Write never delays an item. Items that arrive while w is busy, at most 256, are written
// with the next call. After each call Write flushes w if w has a Flush method, as an
// [http.ResponseWriter] or a [bufio.Writer] has.
//
// Write returns nil when src completes and all items are written. When src fails, it writes
// the items before the error and returns the error. If format fails, Write writes the items
// before, ends src and returns the error, wrapped. When writing to w fails, Write ends src
// and returns the error, wrapped; while src is silent, it does not notice that w has
// failed. When ctx is cancelled, Write drops the items that are not yet written and returns
// the cause.
//
// Write runs src on its own goroutine. It reuses its buffer unless an item made it larger
// than 1 MiB.
func Write[T any](ctx context.Context, src rxsse.Observable[T], w io.Writer, format func(dst []byte, v T) ([]byte, error)) error {
	return writeAs(ctx, "Write", src, w, format)
}

func writeAs[T any](ctx context.Context, name string, src rxsse.Observable[T], w io.Writer, format func(dst []byte, v T) ([]byte, error)) error {
	argument.MustNotBeNil("sink: "+name+": src", src == nil)
	argument.MustNotBeNil("sink: "+name+": w", w == nil)
	argument.MustNotBeNil("sink: "+name+": format", format == nil)
	var buf []byte
	flush := flusher(w)
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
		if err := writeAll(w, buf, flush); err != nil {
			return fmt.Errorf("sink: %s: %w", name, err)
		}
		buf = reusable(buf)
		return failure
	})
}

// writeAll writes and flushes buf, if there is anything in it.
func writeAll(w io.Writer, buf []byte, flush func() error) error {
	if len(buf) == 0 {
		return nil
	}
	n, err := w.Write(buf)
	if err != nil {
		return err
	}
	if n < len(buf) {
		return io.ErrShortWrite
	}
	return flush()
}

// flusher returns the function that flushes w, which does nothing if w cannot be
// flushed.
func flusher(w io.Writer) func() error {
	switch w := w.(type) {
	case http.ResponseWriter:
		control := http.NewResponseController(w)
		return func() error {
			if err := control.Flush(); !errors.Is(err, http.ErrNotSupported) {
				return err
			}
			return nil
		}
	case interface{ Flush() error }: // bufio, gzip
		return w.Flush
	case http.Flusher:
		return func() error { w.Flush(); return nil }
	}
	return func() error { return nil }
}

// maxReused is the size up to which a buffer is kept for the next batch.
const maxReused = 1 << 20

// reusable returns buf, or nil if it is too large to keep.
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
