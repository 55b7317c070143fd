package sink

import (
	"context"
	"fmt"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// A Position stores how far a program has got with a stream. Each checkpoint of
// package source is one.
type Position interface {
	// Save stores the ID of the last event whose work is done. When it returns nil,
	// the ID is stored for good.
	Save(ctx context.Context, lastEventID string) error
}

// Commit subscribes to src, has work done with its items, and then saves how far
// that has got: position is given the ID of an item only once work has returned nil
// for it and for all items before it. A source that begins after that ID, see
// source.WithCheckpoint, so delivers again whatever was not dealt with when the
// program ended, however it did.
//
// Work is given the items that have come since its last call, as by [ForEachBatch]:
// each by itself while the stream is slow, up to 256 while it is fast, with one Save
// for all. What work has done has to last when it returns: [File.Append] is made for
// it, and a database's transaction. The slice is work's until it returns.
//
// The function id tells an item's position, the ID of the last event that went into
// it: [EventID] for events, for a window the ID of its last item. With "" the
// position stays where it is.
//
// Commit returns nil when src completes and all is saved; when src fails, its error,
// after what came before it is saved; an error of work as it is, and nothing is
// saved of the items it was given; an error of Save, wrapped. When ctx is cancelled
// it returns the cause, once what work has done is saved.
//
// # What is guaranteed
//
// Against a server that keeps its events and goes on after the Last-Event-ID it is
// sent, the work for every event is done at least once: again, after a crash, for
// those of the last call of work, at most 256. It is exactly once for work that
// knows an ID it has seen, or that stores its result and the position together: let
// work be the transaction that does both, and use [ForEachBatch]. Against a server
// that keeps its events for a while, the same holds if the program is away for less;
// against one that ignores Last-Event-ID, what it sends meanwhile is lost, and what
// it repeats is done again.
//
// It holds for pipelines that keep the order of events: operators that map, filter,
// decode, buffer under Block, work in Parallel, and windows that follow each other. An
// event that a filter drops moves no position by itself; the next one does. Where an
// operator holds items back while later ones pass, as keyed or overlapping windows and
// groups do, id has to return the ID before that of the oldest item still held, or
// what is held is lost in a crash. A keyed aggregation does not know that ID: let its
// accumulator keep it. DecodeJSON does not keep the ID either: decode with a
// [codec.Payload] of your own, whose items carry it. Operators that drop what they cannot keep, such as
// Debounce or Buffer with DropOldest, drop it here too.
func Commit[T any](ctx context.Context, src rxsse.Observable[T], work func([]T) error, position Position, id func(T) string) error {
	saved := ""
	return ForEachBatch(ctx, src, func(items []T) error {
		reached := saved
		for _, v := range items {
			if at := id(v); at != "" {
				reached = at
			}
		}
		if err := work(items); err != nil {
			return err
		}
		if reached == saved {
			return nil
		}
		if err := position.Save(context.WithoutCancel(ctx), reached); err != nil {
			return fmt.Errorf("sink: Commit: the work up to event %q is done, its position is not saved: %w", reached, err)
		}
		saved = reached
		return nil
	})
}

// EventID returns the ID of an event, for [Commit].
func EventID(e codec.Event) string { return e.ID }
