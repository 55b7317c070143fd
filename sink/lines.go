package sink

import (
	"context"
	"fmt"
	"io"

	"github.com/rxsse/rxsse"
)

// Lines subscribes to src and writes each item to w, followed by a line feed, as
// [fmt.Fprintln] prints it: strings as they are, and whatever has a String method
// by that. It returns as [ForEach] does, and an error of w ends the stream.
//
// Every item is one call of Write, so that a reader sees it at once. For a stream
// of many small items give it a [bufio.Writer], and flush that afterwards.
func Lines[T any](ctx context.Context, src rxsse.Observable[T], w io.Writer) error {
	return ForEach(ctx, src, func(v T) error {
		if _, err := fmt.Fprintln(w, v); err != nil {
			return fmt.Errorf("sink: Lines: %w", err)
		}
		return nil
	})
}
