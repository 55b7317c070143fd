package jetstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// A Feed is a stream of events that [Ingest] appends to a log.
type Feed struct {
	// Log is the log of the feed. Each feed has its own.
	Log *Log
	// Source returns the feed's events after the one with lastEventID, or from the
	// beginning if that is "":
	//
	//	func(lastEventID string) rxsse.Observable[codec.Event] {
	//		return source.SSE(url, source.WithLastEventID(lastEventID))
	//	}
	Source func(lastEventID string) rxsse.Observable[codec.Event]
}

// Ingest appends feeds to their logs, together with the other members of group: each feed
// is read by one member at a time, and each member reads an equal share of the feeds. When
// a member dies, is cut off or is suspended, another takes over its feeds within 1.4 ×
// [Group.TTL], after the last event in the log. A member that resumes cannot append, see
// [Log.Append].
//
// Members can have different feeds, for example while a new version is rolled out: each
// feed goes to a member that has it. All members must read the feed of a log from the same
// source.
//
// Every event that the feed's server still has is in the log once, in order. A feed that
// completes or fails is started again after a tenth of the TTL; if that is too often for
// the server, let the source wait. An event that the stream refuses is such a failure: the
// feed stays before it, and each attempt logs a warning.
//
// When ctx ends, Ingest releases its feeds and returns the cause. It returns an error at
// once if an argument is invalid, and nats.ErrConnectionClosed when the connection is
// closed.
func Ingest(ctx context.Context, js jetstream.JetStream, group Group, feeds ...Feed) error {
	if len(feeds) == 0 {
		return errors.New("jetstream: Ingest: no feeds")
	}
	byName := map[string]Feed{}
	names := make([]string, 0, len(feeds))
	for _, f := range feeds {
		if f.Log == nil || f.Source == nil {
			return errors.New("jetstream: Ingest: each Feed needs a Log and a Source")
		}
		if _, twice := byName[f.Log.Name()]; twice {
			return fmt.Errorf("jetstream: Ingest: two feeds have the log %q; a log has one writer", f.Log.Name())
		}
		byName[f.Log.Name()] = f
		names = append(names, f.Log.Name())
	}
	return group.share(ctx, js, names, func(ctx context.Context, name string) error {
		f := byName[name]
		// One reading of the log's end decides both where the feed resumes and what the
		// server requires of the first publish, so no other writer can come between.
		end, err := f.Log.last(ctx)
		if err != nil {
			return err
		}
		return f.Log.appendAfter(ctx, end, f.Source(idOf(end.header)))
	})
}
