package sink

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/argument"
)

// A Checkpoint stores a position: the ID of the last event whose work is done. Every
// source.Checkpoint is one.
type Checkpoint interface {
	// Save replaces the stored ID. When it returns nil, the ID survives a crash.
	Save(ctx context.Context, lastEventID string) error
}

// Commit calls work with the items of src and then saves the position after them in
// checkpoint. A source that starts from that checkpoint, see source.WithCheckpoint, then
// delivers again every event whose work was not done when the program ended.
//
// Commit calls work with the items that have arrived since the last call, as [ForEachBatch]
// does: one item while work keeps up with the stream, up to 256 while it does not. After
// each call it saves the position. When work returns nil, its effect must be durable, as it
// is after [File.Append] or the commit of a database transaction. Before saving a position,
// Commit syncs every open [File] of the program that has unsynced items, so the position is
// never ahead of a File, whatever its options. work must not keep the slice.
//
// The position is the ResumeID of the newest item that has one, see [codec.Resumable].
// Events, messages and the results of windows over them have one; for other items, use
// [CommitFunc]. While the position is unknown, the stored one stays.
//
// Commit returns nil when src completes and everything is saved. When src fails, it returns
// that error after saving the position of the items before it. It returns an error of work
// unchanged, and the position stays before the items of that call. It returns an error of
// Save, or of syncing a File, wrapped. When ctx is cancelled, it returns the cause after
// saving the position of the work that is done.
//
// # Guarantee
//
// If the server keeps its events and resumes after the Last-Event-ID, work sees every event
// at least once. After a crash, it sees the items of its last call again, at most 256. For
// exactly once, use [Transact]. docs/guarantees.md lists what holds after a crash for each
// kind of pipeline.
//
// Items dropped by operators such as Debounce are not passed to work. Operators that change
// the order of items, such as Merge and MergeMap, make their positions unknown. If neither
// the first 1,000 items nor the first minute bring a position, Commit logs a warning
// through [slog.Default], because the server may be sending no IDs.
func Commit[T codec.Resumable](ctx context.Context, src rxsse.Observable[T], work func([]T) error, checkpoint Checkpoint) error {
	return commit(ctx, "Commit", src, work, checkpoint, T.ResumeID)
}

// CommitFunc is [Commit] for items of any type: position returns the ID after which
// the stream can resume once an item and all items before it have been processed, or
// "" if that is unknown. If one event becomes several items, only the last of them has
// the event's ID.
func CommitFunc[T any](ctx context.Context, src rxsse.Observable[T], work func([]T) error, checkpoint Checkpoint, position func(T) string) error {
	return commit(ctx, "CommitFunc", src, work, checkpoint, position)
}

func commit[T any](ctx context.Context, name string, src rxsse.Observable[T], work func([]T) error, checkpoint Checkpoint, position func(T) string) error {
	argument.MustNotBeNil("sink: "+name+": src", src == nil)
	argument.MustNotBeNil("sink: "+name+": work", work == nil)
	argument.MustNotBeNil("sink: "+name+": checkpoint", checkpoint == nil)
	argument.MustNotBeNil("sink: "+name+": position", position == nil)
	saved := ""
	watch := newPositionWatch(name)
	return ForEachBatch(ctx, src, func(items []T) error {
		reached := newestPosition(items, position)
		watch.saw(ctx, len(items), reached)
		if err := work(items); err != nil {
			return err
		}
		if reached == "" || reached == saved {
			return nil
		}
		err := unsyncedFiles.sync()
		if err == nil {
			err = checkpoint.Save(context.WithoutCancel(ctx), reached)
		}
		if err != nil {
			return fmt.Errorf("sink: %s: the work up to event %q is done, but its position is not saved: %w", name, reached, err)
		}
		saved = reached
		return nil
	})
}

// Transact calls work with the items of src and the position after them. work stores its
// results and resumeID in one transaction, so that both or neither survive a crash. A
// source that starts from the stored ID, see source.WithLastEventID, then delivers every
// event to exactly one successful transaction.
//
//	err := sink.Transact(ctx, rows, func(rows []Row, resumeID string) error {
//		tx, err := db.BeginTx(ctx, nil)
//		… // insert rows; if resumeID is not "", update the position
//		return tx.Commit()
//	})
//
// If resumeID is "", the position is unknown; do not change the stored one. Transact calls
// work with batches and ends as [Commit] does, but saves nothing itself.
//
// All items of one event are passed in one call if all but the last have a method HasMore
// that returns true, as the messages of operators.FlatMapValue do: Transact waits for the
// last one, but for at most 65,536 items. If src fails before the last one, work does not
// get these items, and they are delivered again after a restart.
//
// If work fails although the database did commit, for example because the connection broke,
// restart from the position in the database.
func Transact[T codec.Resumable](ctx context.Context, src rxsse.Observable[T], work func(items []T, resumeID string) error) error {
	argument.MustNotBeNil("sink: Transact: src", src == nil)
	argument.MustNotBeNil("sink: Transact: work", work == nil)
	watch := newPositionWatch("Transact")
	hasMore := hasMoreOf[T]()
	var open []T // items of an event that has more to come
	store := func(items []T) error {
		reached := newestPosition(items, T.ResumeID)
		watch.saw(ctx, len(items), reached)
		return work(items, reached)
	}
	storeOpen := func() error {
		err := store(open)
		clear(open)
		open = open[:0]
		return err
	}
	err := ForEachBatch(ctx, src, func(items []T) error {
		if n := wholeEvents(items, hasMore); n == len(items) && len(open) == 0 {
			return store(items)
		} else if n > 0 {
			open = append(open, items[:n]...)
			items = items[n:]
			if err := storeOpen(); err != nil {
				return err
			}
		}
		if open = append(open, items...); len(open) >= maxUnstored {
			return storeOpen()
		}
		return nil
	})
	if err == nil && len(open) > 0 {
		return storeOpen()
	}
	return err
}

// wholeEvents returns how many of the first items make up complete events.
func wholeEvents[T any](items []T, hasMore func(*T) bool) int {
	n := len(items)
	for n > 0 && hasMore(&items[n-1]) {
		n--
	}
	return n
}

// A part is an item that may be one of several from the same event.
type part interface{ HasMore() bool }

// hasMoreOf returns a function that reports whether an item is followed by more items of
// its event.
func hasMoreOf[T any]() func(*T) bool {
	var zero T
	if _, ok := any(&zero).(part); ok {
		return func(v *T) bool { return any(v).(part).HasMore() } //nolint:forcetypeassert,errcheck // checked above
	}
	if _, ok := any(zero).(part); ok { // T is a pointer
		return func(v *T) bool { return any(*v).(part).HasMore() } //nolint:forcetypeassert,errcheck // checked above
	}
	return func(*T) bool { return false }
}

// newestPosition returns the position after items, or "" if it is unknown.
func newestPosition[T any](items []T, position func(T) string) string {
	for _, v := range slices.Backward(items) {
		if id := position(v); id != "" {
			return id
		}
	}
	return ""
}

// A positionWatch logs a warning if no item of a stream has a position.
type positionWatch struct {
	name  string
	since time.Time // zero: it has seen a position, or logged the warning
	items int
}

// A stream is suspected to have no positions after both unpositionedItems and
// unpositionedTime: the first window of a long stream may hold many items before it gives a
// position.
const (
	unpositionedItems = 1000
	unpositionedTime  = time.Minute
)

func newPositionWatch(name string) *positionWatch {
	return &positionWatch{name: name, since: time.Now()}
}

func (w *positionWatch) saw(ctx context.Context, items int, position string) {
	if w.since.IsZero() {
		return
	}
	if position != "" {
		w.since = time.Time{}
		return
	}
	w.items += items
	if w.items < unpositionedItems || time.Since(w.since) < unpositionedTime {
		return
	}
	w.since = time.Time{}
	slog.WarnContext(ctx, "sink: "+w.name+": no item has a position, so a restart will not resume: the server may send no ids, or an operator such as Merge makes positions unknown", "items", w.items)
}
