package sink

import (
	"context"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// Channel subscribes to src and calls read with a channel of its items, with room
// for n of them, for code that wants to select. The channel is closed when the
// stream ends. When read returns, before that or after, the stream is ended and
// gone, so that nobody has to drain the channel or close anything; read must not
// use it any more.
//
// Channel returns the error of read, if that is not nil; otherwise, if the stream
// had ended by then, its error: nil for completion, and for a cancelled context the
// cause. The items that came before an error are in the channel before it is closed.
//
// It runs src on a goroutine of its own. A panic in src closes the channel and is
// raised once read has returned.
func Channel[T any](ctx context.Context, src rxsse.Observable[T], n int, read func(<-chan T) error) error {
	upstream, cancel := context.WithCancel(ctx)
	items := make(chan T, n)
	gone := make(chan struct{})
	var ending handoff.Ending
	cut := false // the stream was ended by a cancellation, between two items
	// Ends when src does; Channel cancels its context and waits for it.
	go handoff.Run(upstream, src,
		func(v T) bool {
			select {
			case items <- v:
				return true
			case <-upstream.Done():
				cut = true
				return false
			}
		},
		func(e handoff.Ending) {
			ending = e
			close(gone) // first: who sees the channel closed may return, and the end has to be known
			close(items)
		})
	ended := false
	err := func() error {
		defer func() {
			select {
			case <-gone:
				ended = true
			default:
			}
			cancel()
			<-gone
		}()
		return read(items)
	}()
	ending.Raise()
	switch {
	case err != nil:
		return err
	case ended && !cut:
		return ending.Err()
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return nil
}
