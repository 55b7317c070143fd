package jetstream

import (
	"context"
	"iter"
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
// if the arguments cannot work, and at an event that cannot be decoded unless
// [Consumer.OnPoison] is set. When ctx is cancelled it ends with the cause. Each
// partition has a goroutine of its own, which holds one event; all are gone when the
// range ends.
func Consume[T any](js jetstream.JetStream, c Consumer, payload codec.Payload[T]) rxsse.Observable[Delivery[T]] {
	return func(ctx context.Context) iter.Seq2[Delivery[T], error] {
		return func(yield func(Delivery[T], error) bool) {
			run := &consuming[T]{js: js, config: c, payload: payload, out: make(chan taking[T]), left: make(chan struct{})}
			run.deliver(ctx, yield)
		}
	}
}

// consuming is one range over Consume.
type consuming[T any] struct {
	js      jetstream.JetStream
	config  Consumer
	payload codec.Payload[T]
	out     chan taking[T]
	left    chan struct{} // closed when the consumer has left the range
}

// A taking hands an item to the ranging goroutine, and waits there until it is taken.
type taking[T any] struct {
	item  Delivery[T]
	err   error
	taken chan<- bool
}

// deliver runs Work on another goroutine and delivers what it sends.
func (r *consuming[T]) deliver(ctx context.Context, yield func(Delivery[T], error) bool) {
	working, stop := context.WithCancel(ctx)
	var end handoff.Outcome
	ended := make(chan struct{})
	// Its items go through r.out. It delivers only the error of Work.
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
		close(r.left)
		stop()
		<-ended
		end.Raise()
	}()
	for {
		select {
		case t := <-r.out:
			more := yield(t.item, t.err) && t.err == nil
			t.taken <- more
			if !more {
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

// work delivers the events of one partition.
func (r *consuming[T]) work(ctx context.Context, p *Partition) error {
	first := true
	careful := 0 // events after which to wait for the acknowledgement to arrive
	if p.Attempt() > 1 {
		careful = p.config.MaxPending
	}
	taken := make(chan bool, 1)
	for e, err := range p.Events()(ctx) {
		if err != nil {
			return err
		}
		d := Delivery[T]{Subject: p.Subject(), Attempt: 1}
		if first {
			d.Attempt, first = p.Attempt(), false
		}
		done, err := r.poisoned(e, d.Attempt)
		if !done && err == nil {
			done, err = r.hand(ctx, e, d, taken)
		}
		if !done || err != nil {
			return err
		}
		if careful > 0 {
			careful--
			err = p.saveAndWait(ctx, e.ID)
		} else {
			err = p.Save(ctx, e.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// poisoned reports whether OnPoison has taken an event that was tried too often.
func (r *consuming[T]) poisoned(e codec.Event, attempt int) (done bool, err error) {
	if r.config.OnPoison == nil || r.config.MaxTries <= 0 || attempt <= r.config.MaxTries {
		return false, nil
	}
	err = r.config.OnPoison(e, nil)
	return err == nil, err
}

// hand decodes an event and hands it to the consumer. It reports whether the event has
// been dealt with.
func (r *consuming[T]) hand(ctx context.Context, e codec.Event, d Delivery[T], taken chan bool) (done bool, err error) {
	v, err := r.payload(e)
	if err != nil && r.config.OnPoison != nil {
		err = r.config.OnPoison(e, err)
		return err == nil, err
	}
	d.Message = codec.Message[T]{Type: e.Type, ID: e.ID, Value: v}
	t := taking[T]{item: d, taken: taken}
	if err != nil {
		t = taking[T]{err: err, taken: taken}
	}
	select {
	case r.out <- t:
		select {
		case done = <-taken:
		case <-r.left: // by a panic
		}
		return done, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// saveAndWait is Save for one event, and returns when the server has the
// acknowledgement. A worker that dies at the next event then begins there.
func (p *Partition) saveAndWait(ctx context.Context, position string) error {
	if err := p.Save(ctx, position); err != nil {
		return err
	}
	flush, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return p.js.Conn().FlushWithContext(flush)
}
