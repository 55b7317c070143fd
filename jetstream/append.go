package jetstream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/handoff"
)

// ackTimeout is how long a publish may stay unanswered before the appender asks the log
// whether the message was stored.
const ackTimeout = 5 * time.Second

// Append appends the events of src to the log, in order, each exactly once. src must begin
// after [Log.Position], as it does in
//
//	position, err := log.Position(ctx)
//	…
//	err = log.Append(ctx, source.SSE(url, source.WithLastEventID(position)))
//
// Comments and changes of the reconnection time are not stored.
//
// Publishes are asynchronous, at most [LogConfig.MaxPending] at once; when that many are
// unanswered, Append stops reading src. Each publish names the sequence that must precede
// it, so that the server refuses a writer that has been replaced; Append then returns
// [ErrSuperseded]. Each also has a message ID made of the event's ID and a checksum of its
// type and data, so that an event that the feed repeats within the stream's de-duplication
// window is not stored twice. Different events with the same ID are all stored. A repeated
// event without an ID looks like a new one and is stored again.
//
// When servers fail, Append determines what was stored and publishes the rest again, until
// it succeeds or ctx ends; meanwhile src stays connected and is not read. When the stream
// refuses an event, for example because it is too large, or for five seconds because the
// stream is full, Append returns an error that names the event and the reason; the events
// before it are stored, and none after it. Append returns an error when the stream has been
// missing for five seconds or was recreated, and nats.ErrConnectionClosed when the
// connection is closed.
//
// Append returns nil when src completes and everything is stored. When src fails, it
// returns that error after the events before it are stored. When ctx is cancelled, it
// returns the cause; events that were being published may or may not be stored, see
// [Log.Position]. src runs on its own goroutine; a panic in it reaches the caller.
func (l *Log) Append(ctx context.Context, src rxsse.Observable[codec.Event]) error {
	end, err := l.last(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	return l.appendAfter(ctx, end, src)
}

// appendAfter appends the events of src if the log still ends with end.
func (l *Log) appendAfter(ctx context.Context, end tail, src rxsse.Observable[codec.Event]) error {
	a := &appender{log: l, writer: strconv.FormatUint(rand.Uint64(), 36), last: end.sequence, retry: newRetry(l.publisher, fmt.Sprintf("append to stream %q", l.name))} //nolint:gosec // unique, not secret
	a.numbering.id = idOf(end.header)
	return a.run(ctx, src)
}

// An appender is one run of Append. It belongs to the goroutine that called Append.
type appender struct {
	log       *Log
	writer    string // unique to this run
	number    uint64 // of the last message that was made
	numbering numbering

	last    uint64    // the sequence of the last message known to be stored
	next    uint64    // the sequence that the last published message gets if all goes well
	pending []pending // published and unanswered, in order

	failed  error // why reading has stopped: an event cannot be stored
	retry   *retry
	stuck   int       // how often the oldest pending message was published again
	refused time.Time // when the stream first refused it
}

// A pending message has been published but not answered yet.
type pending struct {
	msg    *nats.Msg
	number uint64
	future jetstream.PubAckFuture // nil: it was not stored, as far as is known
}

// run publishes the events of src until it ends. It reads src through a channel, since
// it must also watch for acknowledgements while src is silent.
func (a *appender) run(ctx context.Context, src rxsse.Observable[codec.Event]) error {
	ctx, stop := context.WithCancel(ctx)
	a.next = a.last
	events := make(chan codec.Event, 256)
	var end handoff.Outcome
	ended := make(chan struct{})
	go handoff.Run(ctx, src, func(e codec.Event) bool { // until src ends, or stop
		select {
		case events <- e:
			return true
		case <-ctx.Done():
			return false
		}
	}, func(o handoff.Outcome) {
		end = o
		close(events)
		close(ended)
	})
	defer func() { // even if LogConfig.Subject panics
		stop()
		<-ended
	}()
	err := a.publishAll(ctx, events)
	stop()
	<-ended
	end.Raise()
	if err == nil {
		err = end.Err()
	}
	return err
}

// publishAll publishes events until the channel is closed and all are stored, or until one
// cannot be stored and all before it are.
func (a *appender) publishAll(ctx context.Context, events <-chan codec.Event) error {
	for events != nil || len(a.pending) > 0 {
		var more <-chan codec.Event
		if len(a.pending) < a.log.config.MaxPending {
			more = events
		}
		var stored <-chan *jetstream.PubAck
		var failed <-chan error
		if len(a.pending) > 0 {
			stored, failed = a.pending[0].future.Ok(), a.pending[0].future.Err()
		}
		var err error
		select {
		case e, open := <-more:
			if open {
				open, err = a.addAvailable(ctx, e, events)
			}
			if !open {
				events = nil
			}
		case ack := <-stored:
			err = a.acknowledged(ctx, ack)
		case cause := <-failed:
			a.pending[0].future = nil // it is answered
			if err = a.refusal(cause); err == nil {
				err = a.recover(ctx)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
	}
	return a.failed
}

// addAvailable publishes e and the events that wait behind it, as many as there is room
// for. It reports whether there may be more.
func (a *appender) addAvailable(ctx context.Context, e codec.Event, events <-chan codec.Event) (open bool, err error) {
	for {
		if err := a.add(ctx, e); err != nil || a.failed != nil {
			return false, err
		}
		if len(a.pending) >= a.log.config.MaxPending {
			return true, nil
		}
		select {
		case e, open = <-events:
			if !open {
				return false, nil
			}
		default:
			return true, nil
		}
	}
}

// add publishes one event. It sets failed if the event cannot be stored.
func (a *appender) add(ctx context.Context, e codec.Event) error {
	if e.Kind() != codec.KindMessage {
		return nil
	}
	if e.Type == "" {
		e.Type = codec.DefaultType
	}
	subject, err := a.log.subject(e)
	if err != nil {
		a.failed = err
		return nil //nolint:nilerr // publishAll returns it once the events before are stored
	}
	p := pending{msg: newMessage(subject, e, &a.numbering, a.writer, a.number+1), number: a.number + 1}
	err = a.publish(&p)
	if permanent(err) {
		a.failed = a.explain(e, err)
		return nil
	}
	a.number++
	a.pending = append(a.pending, p)
	if err != nil {
		return a.recover(ctx)
	}
	return nil
}

// explain returns the error for an event that the client library refuses to publish.
func (a *appender) explain(e codec.Event, err error) error {
	if errors.Is(err, nats.ErrMaxPayload) {
		return fmt.Errorf("jetstream: event %q with %d bytes of data does not fit into a message of stream %q: %w of %d bytes; raise max_payload of the servers", e.ID, len(e.Data), a.log.name, err, a.log.publisher.Conn().MaxPayload())
	}
	return fmt.Errorf("jetstream: publish event %q to stream %q: %w", e.ID, a.log.name, err)
}

// permanent reports whether publishing the same message again would fail again.
func permanent(err error) bool {
	return errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrBadSubject)
}

// publish publishes p, as the message after the last published one.
func (a *appender) publish(p *pending) (err error) {
	p.future, err = a.log.publisher.PublishMsgAsync(p.msg, jetstream.WithExpectLastSequence(a.next), jetstream.WithRetryAttempts(0))
	if err == nil {
		a.next++
	}
	return err
}

// acknowledged notes that the oldest pending message is stored, and those after it that
// have been acknowledged meanwhile.
func (a *appender) acknowledged(ctx context.Context, ack *jetstream.PubAck) error {
	for {
		if ack.Stream != a.log.name {
			return fmt.Errorf("jetstream: stream %q has stored an event that belongs to stream %q; their subjects have been changed", ack.Stream, a.log.name)
		}
		a.pending = dropFirst(a.pending)
		a.progress()
		if ack.Duplicate {
			// It was stored before, so the messages published after it do not get the
			// sequences that they were published for.
			return a.recover(ctx)
		}
		a.last = ack.Sequence
		if len(a.pending) == 0 {
			return nil
		}
		select {
		case ack = <-a.pending[0].future.Ok():
		default:
			return nil
		}
	}
}

// progress notes that the oldest pending message was stored.
func (a *appender) progress() {
	if a.stuck > 0 {
		a.stuck, a.refused = 0, time.Time{}
		a.retry.reset()
	}
}

// refusal returns an error if the stream will not store the oldest pending message,
// which has failed with cause.
func (a *appender) refusal(cause error) error {
	var api *jetstream.APIError
	if !errors.As(cause, &api) || isConflict(cause) {
		return nil // no answer, or it was published for another sequence
	}
	const unavailable = 500 // codes from here on may be about the state of the cluster
	if a.refused.IsZero() {
		a.refused = time.Now()
	} else if api.Code < unavailable || time.Since(a.refused) > ackTimeout {
		id := idOf(a.pending[0].msg.Header)
		return fmt.Errorf("jetstream: stream %q refuses event %q: %w", a.log.name, id, cause)
	}
	return nil
}

// dropFirst removes the first element.
func dropFirst(p []pending) []pending {
	p[0] = pending{} // frees the message
	return p[1:]
}

// recover finds out which pending messages are stored, and publishes the others again.
func (a *appender) recover(ctx context.Context) error {
	var err error
	for {
		if a.stuck > 0 { // publishing again at once did not help
			if stop := a.retry.wait(ctx, err); stop != nil {
				return stop
			}
		}
		a.stuck++
		a.settle(ctx)
		if err = a.resend(ctx); err == nil || errors.Is(err, ErrSuperseded) {
			return err
		}
	}
}

// errBehind means that the log ends before a message that was stored. A server that has
// just lost contact with the others may report that for a moment; otherwise the stream is a
// different one.
var errBehind = errors.New("the stream was recreated or restored from a backup")

// settle waits until every pending message is answered, within ackTimeout, and forgets
// those that are stored. Each message is only stored after the one before it, so an
// acknowledgement stands for all earlier messages too.
func (a *appender) settle(ctx context.Context) {
	unknown := a.pending[:0]
	for _, p := range a.pending {
		if p.future == nil {
			unknown = append(unknown, p)
			continue
		}
		select {
		case ack := <-p.future.Ok():
			if !ack.Duplicate {
				a.last = ack.Sequence
				unknown = unknown[:0]
			}
			a.progress()
			continue
		case <-p.future.Err():
		case <-ctx.Done():
		}
		p.future = nil
		unknown = append(unknown, p)
	}
	clear(a.pending[len(unknown):])
	a.pending = unknown
}

// resend asks the log for its end and publishes the pending messages that it does not
// have.
func (a *appender) resend(ctx context.Context) error {
	end, err := a.log.last(ctx)
	if err != nil {
		return err
	}
	if end.sequence < a.last {
		return fmt.Errorf("%w: it ends at message %d, and message %d has been appended", errBehind, end.sequence, a.last)
	}
	if end.sequence > a.last {
		writer, number := writerOf(end.header)
		if writer != a.writer {
			return fmt.Errorf("jetstream: append to stream %q: %w: message %d", a.log.name, ErrSuperseded, end.sequence)
		}
		for len(a.pending) > 0 && a.pending[0].number <= number {
			a.pending = dropFirst(a.pending)
		}
		a.last = end.sequence
		a.progress()
	}
	a.next = a.last
	for i := range a.pending {
		if err := a.publish(&a.pending[i]); err != nil {
			a.pending[i].future = nil
			return err
		}
	}
	return nil
}
