package jetstream

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/lifetime"
)

// A Delivery is an item that [Consume] delivers: a message whose ID is the event's
// sequence in the stream.
type Delivery[T any] struct {
	codec.Message[T]

	// Subject is the partition's subject.
	Subject string
	// Attempt is how many times a worker has begun at this event. It exceeds 1 only for the
	// first event of a worker. See [Partition.Attempt].
	Attempt int
}

// Consume delivers the events of the partitions that belong to this worker, decoded with
// payload. Any number of workers share the partitions of a group, as in [Work]. A partition
// belongs to one worker at a time, which gets its events in order.
//
// An event is acknowledged when the loop asks for the next one. If the worker dies before
// that, or if the consumer leaves the range at the event, it is delivered again. To
// acknowledge later, for example when a window has been written, use [Work].
//
// Consume never completes. It survives the loss of servers and connections. It fails if an
// argument is invalid, at an event that cannot be decoded unless [Consumer.OnPoison] is
// set, when the stream has been deleted, and with nats.ErrConnectionClosed when the
// connection is closed. When ctx is cancelled, it ends with the cause.
//
// Each partition has its own goroutine, which decodes up to [Consumer.MaxPending] events
// ahead of the consumer and ends with the range. When a partition moves to another worker,
// the events decoded ahead are dropped, and the other worker begins after the last event
// that the consumer has processed.
func Consume[T any](js jetstream.JetStream, c Consumer, payload codec.Payload[T]) rxsse.Observable[Delivery[T]] {
	return func(ctx context.Context) iter.Seq2[Delivery[T], error] {
		return func(yield func(Delivery[T], error) bool) {
			run := &consuming[T]{js: js, config: c, payload: payload, ready: make(chan *assignment[T], len(c.Partitions))}
			run.deliver(ctx, yield)
		}
	}
}

// consuming is one range over Consume.
type consuming[T any] struct {
	js      jetstream.JetStream
	config  Consumer
	payload codec.Payload[T]
	ready   chan *assignment[T] // those that have events waiting
}

// An assignment is a partition for the time that it belongs to this worker. Two goroutines
// share it: the partition's own adds events; the consumer's takes and acknowledges them.
type assignment[T any] struct {
	partition *Partition
	ctx       context.Context //nolint:containedctx // of the assignment; it ends when the partition goes to another worker
	fail      context.CancelCauseFunc
	flushes   int // how many more acknowledgements to wait for until they have reached the server

	taking sync.Mutex // held while the consumer has an event of this assignment

	mu        sync.Mutex // guards the fields below
	waiting   []decoded[T]
	spare     []decoded[T] // the memory of the previous batch
	announced bool         // it is in ready
}

// A decoded event waits for the consumer.
type decoded[T any] struct {
	event    codec.Event
	sequence uint64
	attempt  int
	value    T
	err      error // of payload
}

// deliver runs Work on another goroutine and delivers the events of its assignments.
func (r *consuming[T]) deliver(ctx context.Context, yield func(Delivery[T], error) bool) {
	working, stop := context.WithCancel(ctx)
	var panicked *rxsse.PanicError
	var failure error // of Work
	ended := make(chan struct{})
	go func() { // until stop
		defer close(ended)
		panicked, failure = lifetime.Guard(func() error { return Work(working, r.js, r.config, r.work) })
	}()
	defer func() {
		stop()
		<-ended
		if panicked != nil {
			panic(panicked)
		}
	}()
	for {
		select {
		case a := <-r.ready:
			if !r.take(a, yield) {
				return
			}
		case <-ended:
			if panicked == nil { // Work returns no nil
				yield(Delivery[T]{}, failure)
			}
			return
		}
	}
}

// work adds the events of one partition while it belongs to this worker.
func (r *consuming[T]) work(ctx context.Context, p *Partition) error {
	ctx, fail := context.WithCancelCause(ctx)
	a := &assignment[T]{partition: p, ctx: ctx, fail: fail}
	defer func() {
		fail(nil)
		a.taking.Lock() // the consumer's event is acknowledged before the next worker begins
		defer a.taking.Unlock()
	}()
	attempt := p.Attempt()
	if attempt > 1 {
		a.flushes = p.config.MaxPending
	}
	return p.each(ctx, func(e codec.Event, sequence uint64) bool {
		d := decoded[T]{event: e, sequence: sequence, attempt: attempt}
		attempt = 1
		d.value, d.err = r.payload(e)
		if a.add(d) {
			select {
			case r.ready <- a:
			case <-ctx.Done(): // each returns its cause
			}
		}
		return true
	})
}

// add adds an event, and reports whether to send the assignment to ready. The server
// bounds the events that wait: it delivers no more while MaxPending are unacknowledged.
func (a *assignment[T]) add(d decoded[T]) (announce bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = append(a.waiting, d)
	announce, a.announced = !a.announced, true
	return announce
}

// batch returns the events that wait. They are valid until the next call.
func (a *assignment[T]) batch() []decoded[T] {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.spare)
	a.waiting, a.spare = a.spare[:0], a.waiting
	a.announced = false
	return a.spare
}

// take delivers and acknowledges the waiting events of an assignment until it ends. It
// reports whether the range continues.
func (r *consuming[T]) take(a *assignment[T], yield func(Delivery[T], error) bool) (more bool) {
	a.taking.Lock()
	defer a.taking.Unlock()
	batch := a.batch()
	for i := range batch {
		if a.ctx.Err() != nil {
			return true
		}
		d := &batch[i]
		poison, err := r.poison(d)
		switch {
		case err != nil:
			a.fail(err) // the work then begins again at this event
			return true
		case poison:
		case d.err != nil:
			yield(Delivery[T]{}, d.err)
			return false
		case !yield(Delivery[T]{
			Message: codec.Message[T]{Type: d.event.Type, ID: d.event.ID, Value: d.value},
			Subject: a.partition.Subject(),
			Attempt: d.attempt,
		}, nil):
			return false
		}
		if err := a.acknowledge(d.sequence); err != nil {
			a.fail(err)
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

// acknowledge acknowledges an event. After a worker has died, it waits until the server has
// the acknowledgement: if this worker dies at the next event, that event gets the blame,
// not this one.
func (a *assignment[T]) acknowledge(sequence uint64) error {
	if err := a.partition.acknowledge(sequence); err != nil || a.flushes == 0 {
		return err
	}
	a.flushes--
	flush, cancel := context.WithTimeout(a.ctx, time.Second)
	defer cancel()
	return a.partition.js.Conn().FlushWithContext(flush)
}
