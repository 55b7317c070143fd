package jetstream

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/handoff"
)

// A Delivery is an item that [Consume] delivers: a message whose ID is the event's
// sequence in the stream.
type Delivery[T any] struct {
	codec.Message[T]
	// Subject is the partition's subject.
	Subject string
	// Attempt is how many times a worker has begun at this event, 1 for any event but the
	// first after such a beginning. See [Partition.Attempt].
	Attempt int
}

// Consume delivers the events of the partitions that belong to this worker, decoded
// with payload. Any number of workers share the partitions of a group as in [Work]. The
// events of a partition are delivered in order, to one worker at a time.
//
// An event is acknowledged when the consumer has taken it, that is, when it asks for the
// next one. If the worker dies before, or if the consumer leaves the range at it,
// another delivers it again. To acknowledge later, for example when a window has been
// written, use [Work].
//
// Consume never completes. It survives the loss of servers and of connections. It fails
// if the arguments cannot work, at an event that cannot be decoded unless
// [Consumer.OnPoison] is set, when the stream has been deleted, and with
// nats.ErrConnectionClosed when the connection has been closed. When ctx is cancelled it ends with the cause.
//
// Each partition has a goroutine of its own, which decodes ahead of the consumer, at most
// [Consumer.MaxPending] events. All are gone when the range ends. When a partition goes
// to another worker, the consumer gets none of the events that were decoded ahead; the
// other worker begins after the one that it has taken.
func Consume[T any](js jetstream.JetStream, c Consumer, payload codec.Payload[T]) rxsse.Observable[Delivery[T]] {
	return func(ctx context.Context) iter.Seq2[Delivery[T], error] {
		return func(yield func(Delivery[T], error) bool) {
			run := &consuming[T]{js: js, config: c, payload: payload, ready: make(chan *turn[T], len(c.Partitions))}
			run.deliver(ctx, yield)
		}
	}
}

// consuming is one range over Consume.
type consuming[T any] struct {
	js      jetstream.JetStream
	config  Consumer
	payload codec.Payload[T]
	ready   chan *turn[T] // the turns that have events waiting
}

// A turn is the time for which a partition belongs to this worker. Two goroutines share
// it: that of the partition adds events, and the ranging one takes and acknowledges
// them.
type turn[T any] struct {
	partition *Partition
	ctx       context.Context // ends with the turn
	fail      context.CancelCauseFunc
	careful   int // events after which to wait for the acknowledgement to arrive

	taking sync.Mutex // held while the consumer has an event of this turn

	mu        sync.Mutex // guards what follows
	waiting   []decoded[T]
	spare     []decoded[T] // the memory of the batch that was taken before
	announced bool         // the turn is in ready
}

// A decoded event waits for the consumer.
type decoded[T any] struct {
	event    codec.Event
	sequence uint64
	attempt  int
	value    T
	err      error // of payload
}

// deliver runs Work on another goroutine and delivers what its turns add.
func (r *consuming[T]) deliver(ctx context.Context, yield func(Delivery[T], error) bool) {
	working, stop := context.WithCancel(ctx)
	var end handoff.Outcome
	ended := make(chan struct{})
	// Its items go through r.ready. It delivers only the error of Work.
	workers := func(ctx context.Context) iter.Seq2[struct{}, error] {
		return func(yield func(struct{}, error) bool) {
			yield(struct{}{}, Work(ctx, r.js, r.config, r.work))
		}
	}
	go handoff.Run(working, workers, func(struct{}) bool { return true }, func(e handoff.Outcome) { // until stop
		end = e
		close(ended)
	})
	defer func() {
		stop()
		<-ended
		end.Raise()
	}()
	for {
		select {
		case t := <-r.ready:
			if !r.take(t, yield) {
				return
			}
		case <-ended:
			if err := end.Err(); err != nil {
				yield(Delivery[T]{}, err)
			}
			return
		}
	}
}

// work adds the events of one partition while it belongs to this worker.
func (r *consuming[T]) work(ctx context.Context, p *Partition) error {
	ctx, fail := context.WithCancelCause(ctx)
	t := &turn[T]{partition: p, ctx: ctx, fail: fail}
	defer func() {
		fail(nil)
		t.taking.Lock() // the next worker begins after the event that the consumer has
		defer t.taking.Unlock()
	}()
	attempt := p.Attempt()
	if attempt > 1 {
		t.careful = p.config.MaxPending
	}
	return p.each(ctx, func(e codec.Event, sequence uint64) bool {
		d := decoded[T]{event: e, sequence: sequence, attempt: attempt}
		attempt = 1
		d.value, d.err = r.payload(e)
		if t.add(d) {
			select {
			case r.ready <- t:
			case <-ctx.Done(): // each returns its cause
			}
		}
		return true
	})
}

// add adds an event, and reports whether the turn is to be announced. The server bounds
// how many wait: it delivers no more while MaxPending are not acknowledged.
func (t *turn[T]) add(d decoded[T]) (announce bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = append(t.waiting, d)
	announce, t.announced = !t.announced, true
	return announce
}

// batch returns the events that wait. It is valid until the next call.
func (t *turn[T]) batch() []decoded[T] {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.spare)
	t.waiting, t.spare = t.spare[:0], t.waiting
	t.announced = false
	return t.spare
}

// take delivers and acknowledges the events of a turn that wait, while it lasts. It
// reports whether the range goes on.
func (r *consuming[T]) take(t *turn[T], yield func(Delivery[T], error) bool) (more bool) {
	t.taking.Lock()
	defer t.taking.Unlock()
	batch := t.batch()
	for i := range batch {
		if t.ctx.Err() != nil {
			return true
		}
		d := &batch[i]
		poison, err := r.poison(d)
		switch {
		case err != nil:
			t.fail(err) // and the work begins again at this event
			return true
		case poison:
		case d.err != nil:
			yield(Delivery[T]{}, d.err)
			return false
		case !yield(Delivery[T]{
			Message: codec.Message[T]{Type: d.event.Type, ID: d.event.ID, Value: d.value},
			Subject: t.partition.Subject(),
			Attempt: d.attempt,
		}, nil):
			return false
		}
		if err := t.acknowledge(d.sequence); err != nil {
			t.fail(err)
			return true
		}
	}
	return true
}

// poison gives an event to OnPoison if it was tried too often or cannot be decoded, and
// reports whether it did.
func (r *consuming[T]) poison(d *decoded[T]) (taken bool, err error) {
	tooOften := r.config.MaxTries > 0 && d.attempt > r.config.MaxTries
	switch {
	case r.config.OnPoison == nil:
		return false, nil
	case tooOften:
		return true, r.config.OnPoison(d.event, nil)
	case d.err != nil:
		return true, r.config.OnPoison(d.event, d.err)
	}
	return false, nil
}

// acknowledge acknowledges an event. After a worker has died, it waits until the server
// has the acknowledgement: a worker that dies at the next event then begins there.
func (t *turn[T]) acknowledge(sequence uint64) error {
	if err := t.partition.acknowledge(sequence); err != nil || t.careful == 0 {
		return err
	}
	t.careful--
	flush, cancel := context.WithTimeout(t.ctx, time.Second)
	defer cancel()
	return t.partition.js.Conn().FlushWithContext(flush)
}
