package sink

import (
	"context"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/handoff"
)

// Channel subscribes to src and calls read with a channel of its items, for code that needs
// select. The channel buffers n items and is closed when src ends. When read returns,
// Channel ends src if it is still running; read need not drain the channel, and must not
// use it afterwards.
//
// Channel returns the error of read if it is not nil. Otherwise it returns the error of src
// if src had failed when read returned, the cause if ctx was cancelled before src ended,
// and nil in all other cases. All items before an error are in the channel before it is
// closed.
//
// It runs src on its own goroutine. If src panics, the channel is closed, and Channel
// panics with a rxsse.PanicError once read has returned. Channel panics if n is negative.
func Channel[T any](ctx context.Context, src rxsse.Observable[T], n int, read func(<-chan T) error) error {
	argument.MustNotBeNil("sink: Channel: src", src == nil)
	argument.MustNotBeNegative("sink: Channel: n", n)
	argument.MustNotBeNil("sink: Channel: read", read == nil)
	upstream, cancel := context.WithCancel(ctx)
	items := make(chan T, n)
	gone := make(chan struct{})
	var ending handoff.Outcome
	cancelled := false // src was ended by a cancellation, between two items
	// Ends when src does; Channel cancels its context and waits for it.
	go handoff.Run(upstream, src,
		func(v T) bool {
			select {
			case items <- v:
				return true
			case <-upstream.Done():
				cancelled = true
				return false
			}
		},
		func(e handoff.Outcome) {
			ending = e
			close(gone) // first: read may return when it sees the channel closed
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
	case ended && !cancelled:
		return ending.Err()
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return nil
}
