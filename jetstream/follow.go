package jetstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// A ForgottenError says that a log no longer holds the events after a position, because the
// stream's limits have deleted them.
type ForgottenError struct {
	Log         string // the name of the stream
	LastEventID string // the position
	First       uint64 // the sequence of the first event that is left
}

// Error names the stream, the position and the first event that is left.
func (e *ForgottenError) Error() string {
	return fmt.Sprintf("jetstream: stream %q no longer holds the events after %q; the first one left is %d", e.Log, e.LastEventID, e.First)
}

// Follow delivers the events of the log after the one whose sequence is lastEventID, or
// from the first one if that is "", and then new ones as they are appended. The ID of each
// event is its sequence in the stream, which is the same on every node and can be passed to
// Follow again. Nothing is acknowledged, so readers do not affect each other.
//
//	browsers := sink.NewBroadcaster(sink.WithReplay(log.Replay))
//	now, err := log.End(ctx)
//	…
//	err = browsers.Publish(ctx, log.Follow(now))
//
// Follow never completes. It survives the loss of servers and connections without missing
// or repeating an event. It fails with a [ForgottenError] when the stream's limits have
// deleted events before it delivered them. It also fails if lastEventID is not a sequence,
// if the log ends before it for five seconds, if the stream has been deleted or recreated,
// or if the connection is closed. When ctx is cancelled, it ends with the cause. It runs on
// the consumer's goroutine; the client library buffers up to 500 events.
func (l *Log) Follow(lastEventID string) rxsse.Observable[codec.Event] {
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			after, err := parsePosition(lastEventID)
			if err != nil {
				yield(codec.Event{}, fmt.Errorf("jetstream: follow stream %q: %w", l.name, err))
				return
			}
			again := newRetry(l.publisher, fmt.Sprintf("follow stream %q", l.name))
			f := &follower{log: l, after: after, healthy: again.reset, yield: yield}
			for {
				end := f.follow(ctx)
				if end == nil {
					return
				}
				var forgotten *ForgottenError
				if ctx.Err() == nil && errors.As(end, &forgotten) {
					yield(codec.Event{}, forgotten)
					return
				}
				if errors.Is(end, jetstream.ErrConsumerNotFound) {
					end = nil // it lived on a server that failed
				}
				if stop := again.wait(ctx, end); stop != nil {
					yield(codec.Event{}, stop)
					return
				}
			}
		}
	}
}

// Replay is [Log.Follow] for sink.WithReplay: it returns a nil stream if the log does not
// know lastEventID, or no longer holds the events after it.
func (l *Log) Replay(ctx context.Context, lastEventID string) (rxsse.Observable[codec.Event], error) {
	after, err := parsePosition(lastEventID)
	if err != nil || after == 0 {
		return nil, nil //nolint:nilerr,nilnil // an ID of another server: it is unknown
	}
	info, err := l.stream.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("jetstream: read the end of stream %q: %w", l.name, err)
	}
	if after > info.State.LastSeq || after+1 < info.State.FirstSeq {
		return nil, nil //nolint:nilnil // as documented
	}
	return l.Follow(lastEventID), nil
}

// End returns the sequence of the last event in the log, from which [Log.Follow] delivers
// only new events. It is "0" for a log that never had an event. A server of a cluster that
// was cut off from the others may answer with an earlier end until it has caught up; Follow
// then delivers the events after that one.
func (l *Log) End(ctx context.Context) (lastEventID string, err error) {
	info, err := l.stream.Info(ctx)
	if err != nil {
		return "", fmt.Errorf("jetstream: read the end of stream %q: %w", l.name, err)
	}
	return strconv.FormatUint(info.State.LastSeq, 10), nil
}

// parsePosition returns the sequence that an ID of Follow stands for.
func parsePosition(id string) (sequence uint64, err error) {
	if id == "" {
		return 0, nil
	}
	sequence, err = strconv.ParseUint(id, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not the sequence of an event", id)
	}
	return sequence, nil
}

// A follower is one range over Follow.
type follower struct {
	log     *Log
	after   uint64    // the sequence of the newest event that was delivered
	created time.Time // when the stream was created
	healthy func()    // called for each event
	yield   func(codec.Event, error) bool
}

// follow delivers events. It returns nil when the range ends, and an error when something
// fails.
func (f *follower) follow(ctx context.Context) error {
	if err := f.forgotten(ctx); err != nil {
		return err
	}
	consumer, err := f.log.stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		AckPolicy:         jetstream.AckNonePolicy,
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       f.after + 1,
		InactiveThreshold: 30 * time.Second, // the server deletes it that long after the range
		MemoryStorage:     true,
		Replicas:          1,
	})
	if err != nil {
		return err
	}
	var forgotten error
	err = receive(ctx, consumer, func(msg jetstream.Msg, meta *jetstream.MsgMetadata) bool {
		f.healthy()
		if meta.Sequence.Stream > f.after+1 {
			// Events were deleted: by the stream's limits, or one by one on purpose.
			if forgotten = f.forgotten(ctx); forgotten != nil {
				return false
			}
		}
		f.after = meta.Sequence.Stream
		e := eventOf(msg.Headers(), msg.Data())
		e.ID = strconv.FormatUint(meta.Sequence.Stream, 10)
		return f.yield(e, nil)
	})
	return cmp.Or(forgotten, err)
}

// forgotten returns an error if the log no longer holds the events after the newest one
// that was delivered, if its stream is a different one, or if it cannot be reached.
func (f *follower) forgotten(ctx context.Context) error {
	info, err := f.log.stream.Info(ctx)
	if err != nil {
		return err
	}
	switch state := info.State; {
	case f.after > state.LastSeq:
		return fmt.Errorf("%w: it ends at event %d, before event %d", errBehind, state.LastSeq, f.after)
	case !info.Created.Equal(f.created) && !f.created.IsZero():
		return fmt.Errorf("%w at %v", errBehind, info.Created)
	case f.after > 0 && f.after+1 < state.FirstSeq:
		return &ForgottenError{f.log.name, strconv.FormatUint(f.after, 10), state.FirstSeq}
	}
	f.created = info.Created
	return nil
}
