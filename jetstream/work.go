package jetstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// A Consumer configures how a group of workers consumes a log.
type Consumer struct {
	// Stream is the name of the log's stream.
	Stream string
	// Durable is the prefix of the names of the durable consumers, one for each partition.
	// They are created if they do not exist, and store the position of the group.
	Durable string
	// Partitions are the subjects to consume, each by one worker at a time. See
	// [Partitions]. A subject may have wildcards.
	Partitions []string
	// Group is the group of workers. If its Name is empty, it is Durable.
	Group Group
	// MaxPending limits the unacknowledged events of a partition. At the limit no more are
	// delivered. It must exceed the number of events that a worker holds back, for example
	// in open windows. Default: 1024.
	MaxPending int
	// MaxTries, for [Consume], is how many times workers may begin at the same event before
	// OnPoison gets it. It has no effect without OnPoison. Default: no limit.
	MaxTries int
	// OnPoison, for [Consume], is called with each event that cannot be decoded and the
	// decoding error, and with each event at which workers have begun MaxTries times
	// without success and a nil error. If it returns nil, the event is acknowledged. If it
	// returns an error, the partition pauses for a tenth of the TTL and begins again at the
	// event. It runs on the consumer's goroutine, in the order of the partition. Without
	// OnPoison, an event that cannot be decoded ends the stream.
	OnPoison func(e codec.Event, err error) error
}

// Work shares the partitions of a log among the workers of a group, and calls work for each
// partition that belongs to this worker. A partition belongs to one worker at a time, so
// its events are processed in order. When a worker dies, others continue its partitions at
// its first unacknowledged event.
//
//	err := jetstream.Work(ctx, js, consumer, func(ctx context.Context, p *jetstream.Partition) error {
//		trades := operators.DecodeJSON[codec.Message[Trade]](p.Events())
//		candles := operators.AggregateBy(trades, …)
//		return sink.Commit(ctx, candles, insert, p)
//	})
//
// Each call of work runs on its own goroutine. It must return soon after its ctx ends; the
// cause is [ErrClaimLost] when the partition moves to another worker. When work returns
// earlier, with or without an error, Work calls it again after a tenth of the group's TTL,
// at the first unacknowledged event.
//
// Events that a worker had processed but not acknowledged when it died are delivered again.
// No event that the log still has is lost.
//
// When ctx ends, Work returns its cause. It returns an error at once if an argument is
// invalid, an error when the stream has been deleted, and nats.ErrConnectionClosed when the
// connection is closed. A panic in work reaches the goroutine that called Work.
func Work(ctx context.Context, js jetstream.JetStream, c Consumer, work func(ctx context.Context, p *Partition) error) error {
	stream, err := c.open(ctx, js)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	return c.Group.share(ctx, js, c.Partitions, func(ctx context.Context, subject string) error {
		p := &Partition{subject: subject, js: js, stream: stream, config: c}
		again := newRetry(js, fmt.Sprintf("work on stream %q", c.Stream))
		for {
			err := p.begin(ctx)
			if err == nil {
				return work(ctx, p)
			}
			if !errors.Is(err, jetstream.ErrStreamNotFound) {
				return err
			}
			if stop := again.wait(ctx, err); stop != nil {
				return fatalError{stop}
			}
		}
	})
}

// open checks the settings, fills in the defaults and opens the stream.
func (c *Consumer) open(ctx context.Context, js jetstream.JetStream) (jetstream.Stream, error) {
	if !isKey(c.Durable) {
		return nil, fmt.Errorf("jetstream: Consumer.Durable must consist of letters, digits, - and _, got %q", c.Durable)
	}
	if len(c.Partitions) == 0 {
		return nil, errors.New("jetstream: Consumer.Partitions is empty; use jetstream.Partitions, or list the subjects")
	}
	for i, subject := range c.Partitions {
		for _, other := range c.Partitions[:i] {
			if covers(subject, other) || covers(other, subject) {
				return nil, fmt.Errorf("jetstream: Consumer.Partitions %q and %q overlap; an event belongs to one partition", other, subject)
			}
		}
	}
	if c.MaxPending <= 0 {
		c.MaxPending = 1024
	}
	if c.Group.Name == "" {
		c.Group.Name = c.Durable
	}
	if c.Group.TTL == 0 {
		c.Group.TTL = defaultClaimTTL
	}
	stream, err := openStream(ctx, js, c.Stream)
	if err != nil {
		return nil, err
	}
	if version := js.Conn().ConnectedServerVersion(); tooOld(version) {
		return nil, fmt.Errorf("jetstream: the server has version %s, which cannot reset a consumer; upgrade it to 2.14 or later", version)
	}
	subjects := stream.CachedInfo().Config.Subjects
	for _, p := range c.Partitions {
		if !slices.ContainsFunc(subjects, func(s string) bool { return covers(s, p) }) {
			return nil, fmt.Errorf("jetstream: Consumer.Partitions: %q is not a subject of stream %q (%s)", p, c.Stream, strings.Join(subjects, ", "))
		}
	}
	return stream, nil
}

// tooOld reports whether a server of that version cannot reset consumers.
func tooOld(version string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(strings.TrimPrefix(version, "v"), "%d.%d", &major, &minor); err != nil {
		return false // not connected at the moment, or not a version number
	}
	return major < 2 || major == 2 && minor < 14
}

// A Partition is a subject of a log that belongs to this worker. [Work] passes it to its
// function. A Partition is a checkpoint for sink.Commit: its Save acknowledges events.
type Partition struct {
	subject string
	js      jetstream.JetStream
	stream  jetstream.Stream
	config  Consumer
	name    string // of the durable consumer
	attempt int

	mu      sync.Mutex // guards the fields below; Save and Events may run at once
	pending []delivery // delivered and unacknowledged, in order
	seen    uint64     // the sequence of the newest event that was delivered
}

// A delivery is an event that is not acknowledged yet.
type delivery struct {
	sequence uint64
	reply    string // the subject to acknowledge on
}

const (
	priorityGroup = "worker"
	ackWait       = 5 * time.Minute // long: the next worker resets the consumer and does not wait for it
	attemptsKey   = "rxsse-attempts"
)

// Subject returns the partition's subject.
func (p *Partition) Subject() string { return p.subject }

// Attempt returns how many times a worker has begun at the first unacknowledged event,
// including this time. It is 1 unless earlier workers left without acknowledging that
// event. A worker that found no event waiting does not count.
func (p *Partition) Attempt() int { return p.attempt }

// begin finds or creates the consumer, and counts the attempt.
func (p *Partition) begin(ctx context.Context) error {
	p.name = p.config.Durable + "_" + keyToken(p.subject)
	config := jetstream.ConsumerConfig{
		Durable:        p.name,
		FilterSubject:  p.subject,
		AckPolicy:      jetstream.AckExplicitPolicy,
		AckWait:        ackWait,
		MaxAckPending:  p.config.MaxPending,
		PriorityPolicy: jetstream.PriorityPolicyPinned,
		PriorityGroups: []string{priorityGroup},
		PinnedTTL:      p.config.Group.TTL,
	}
	floor, before, waiting := uint64(0), "", true
	consumer, err := p.stream.Consumer(ctx, p.name)
	switch {
	case err == nil:
		info := consumer.CachedInfo()
		floor, before = info.AckFloor.Stream, info.Config.Metadata[attemptsKey]
		waiting = info.NumPending > 0 || info.NumAckPending > 0
	case !errors.Is(err, jetstream.ErrConsumerNotFound):
		return fmt.Errorf("jetstream: partition %q: %w", p.subject, err)
	}
	p.attempt = 1
	at, n, _ := strings.Cut(before, " ")
	if at == strconv.FormatUint(floor, 10) {
		tried, _ := strconv.Atoi(n)
		p.attempt = tried + 1
	}
	if !waiting {
		p.attempt = 0 // moves of an idle partition do not count
	}
	config.Metadata = map[string]string{attemptsKey: strconv.FormatUint(floor, 10) + " " + strconv.Itoa(p.attempt)}
	p.attempt = max(p.attempt, 1)
	if _, err := p.stream.CreateOrUpdateConsumer(ctx, config); err != nil {
		return fmt.Errorf("jetstream: partition %q: create consumer %q: %w", p.subject, p.name, err)
	}
	return nil
}

// Events delivers the events of the partition, beginning with the first unacknowledged one,
// and then new ones as they are appended. The ID of each event is its sequence in the
// stream, the position for [Partition.Save]. It never completes.
//
// When [Consumer.MaxPending] events are unacknowledged, it delivers no more until Save is
// called. It survives failures of servers; a range neither misses nor repeats an event.
// Each new range begins at the first unacknowledged event.
//
// It fails if the stream or the consumer has been deleted, or if the connection is closed.
// When ctx is cancelled, it ends with the cause. It runs on the consumer's goroutine; only
// one range of a Partition may run at a time.
func (p *Partition) Events() rxsse.Observable[codec.Event] {
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			err := p.each(ctx, func(e codec.Event, _ uint64) bool { return yield(e, nil) })
			if err != nil {
				yield(codec.Event{}, err)
			}
		}
	}
}

// each calls yield with the events of the partition and their sequences. It returns nil
// when yield returns false, and an error when ctx ends or trying again cannot help.
func (p *Partition) each(ctx context.Context, yield func(e codec.Event, sequence uint64) bool) error {
	p.reset()
	again := newRetry(p.js, fmt.Sprintf("partition %q", p.subject))
	for {
		err := p.deliver(ctx, again.reset, yield)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil && p.config.Group.Logger != nil {
			p.config.Group.Logger.WarnContext(ctx, "jetstream: delivery was interrupted, trying again", "partition", p.subject, "cause", err)
		}
		if stop := again.wait(ctx, err); stop != nil {
			return stop
		}
	}
}

// reset forgets what an earlier range has delivered.
func (p *Partition) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending, p.seen = nil, 0
}

// deliver takes the consumer over and delivers events until something fails. It returns
// nil when yield returns false.
func (p *Partition) deliver(ctx context.Context, healthy func(), yield func(codec.Event, uint64) bool) error {
	consumer, err := p.takeOver(ctx)
	if err != nil {
		return err
	}
	return receive(ctx, consumer, func(msg jetstream.Msg, meta *jetstream.MsgMetadata) bool {
		healthy()
		if !p.add(delivery{meta.Sequence.Stream, msg.Reply()}) {
			return true
		}
		e := eventOf(msg.Headers(), msg.Data())
		e.ID = strconv.FormatUint(meta.Sequence.Stream, 10)
		return yield(e, meta.Sequence.Stream)
	}, jetstream.PullMaxMessages(min(p.config.MaxPending, 512)), jetstream.PullPriorityGroup(priorityGroup))
}

// takeOver makes the server deliver to this worker, beginning with the first message that
// is not acknowledged.
func (p *Partition) takeOver(ctx context.Context) (jetstream.Consumer, error) {
	if err := p.stream.UnpinConsumer(ctx, p.name, priorityGroup); err != nil {
		return nil, err
	}
	if _, err := p.stream.ResetConsumer(ctx, p.name); err != nil {
		return nil, err
	}
	return p.stream.Consumer(ctx, p.name)
}

// add adds a delivery to those that are not acknowledged, and reports whether the event is
// new. A repeated delivery has another subject for the acknowledgement, which add records.
func (p *Partition) add(d delivery) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d.sequence > p.seen {
		p.seen = d.sequence
		p.pending = append(p.pending, d)
		return true
	}
	i, found := slices.BinarySearchFunc(p.pending, d.sequence, func(d delivery, sequence uint64) int {
		return cmp.Compare(d.sequence, sequence)
	})
	if found {
		p.pending[i] = d
	} else {
		_ = p.ack(d) // its acknowledgement was lost
	}
	return false
}

// Save acknowledges all events up to the one whose ID is position, so that no worker gets
// them again. It returns nil once the acknowledgements are sent; if the worker dies before
// they arrive, the events are delivered again.
func (p *Partition) Save(_ context.Context, position string) error {
	sequence, err := strconv.ParseUint(position, 10, 64)
	if err != nil {
		return fmt.Errorf("jetstream: partition %q: %q is not a position of its events", p.subject, position)
	}
	return p.acknowledge(sequence)
}

// acknowledge acknowledges all events up to the one with that sequence.
func (p *Partition) acknowledge(sequence uint64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.pending) > 0 && p.pending[0].sequence <= sequence {
		if err := p.ack(p.pending[0]); err != nil {
			return fmt.Errorf("jetstream: partition %q: acknowledge event %d: %w", p.subject, p.pending[0].sequence, err)
		}
		p.pending = p.pending[1:]
	}
	return nil
}

// ack sends the acknowledgement of a delivery.
func (p *Partition) ack(d delivery) error {
	return p.js.Conn().Publish(d.reply, []byte("+ACK"))
}
