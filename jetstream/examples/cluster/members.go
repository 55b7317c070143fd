package main

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/jetstream"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A trade is the payload of an event.
type trade struct {
	N      int    `json:"n"`
	Symbol string `json:"symbol"`
}

func decode(data string) (t trade) {
	_ = json.Unmarshal([]byte(data), &t) // anything else becomes the zero trade
	return t
}

func symbol(data string) string { return decode(data).Symbol }
func number(data string) int    { return decode(data).N }

// A member is a part of the system with its own connection. Killing it cuts the connection
// first, so that it cannot tell anyone that it leaves.
type member struct {
	cancel context.CancelFunc
	leave  func()
	killed atomic.Bool
	done   chan struct{}
	once   sync.Once
}

// startMember runs a member under a name.
func (d *demonstration) startMember(ctx context.Context, name string, run func(ctx context.Context, js natsjs.JetStream, name string) error) error {
	js, leave, err := d.connect()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	m := &member{cancel: cancel, leave: leave, done: make(chan struct{})}
	d.members[name] = m
	go func() { // until end
		defer close(m.done)
		for {
			err := run(ctx, js, name)
			if ctx.Err() != nil || m.killed.Load() {
				return
			}
			d.print("%s: starting again: %v", name, err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return
			}
		}
	}()
	return nil
}

// end kills a member.
func (m *member) end() {
	m.once.Do(func() {
		m.killed.Store(true) // so that it does not start again before it is cancelled
		m.leave()
		m.cancel()
		<-m.done
	})
}

// replace kills a member and starts another under its name.
func (d *demonstration) replace(ctx context.Context, name string, run func(context.Context, natsjs.JetStream, string) error) error {
	m := d.members[name]
	if m == nil {
		return nil // no member has work of that kind
	}
	d.print("   it is %s", name)
	m.end()
	d.board.gone(name)
	return d.startMember(ctx, name, run)
}

// group is the group that a member belongs to.
func (d *demonstration) group(kind, name string) jetstream.Group {
	return jetstream.Group{
		Name: kind, Member: name, Bucket: "rxsse-example-claims", TTL: claimTTL,
		OnClaim: func(what string, held bool) {
			d.board.claim(kind, name, what, held)
			if held {
				d.print("%s has %s", name, what)
			}
		},
	}
}

// runIngest reads the feed when it is this member's turn.
func (d *demonstration) runIngest(ctx context.Context, js natsjs.JetStream, name string) error {
	log, err := openLog(ctx, js)
	if err != nil {
		return err
	}
	return jetstream.Ingest(ctx, js, d.group("ingest", name), jetstream.Feed{
		Log: log,
		Source: func(lastEventID string) rxsse.Observable[codec.Event] {
			return source.SSE(d.feedURL, source.WithLastEventID(lastEventID), source.WithReconnectionTime(50*time.Millisecond))
		},
	})
}

// runWorker counts the trades of the partitions that belong to it.
func (d *demonstration) runWorker(ctx context.Context, js natsjs.JetStream, name string) error {
	consumer := jetstream.Consumer{
		Stream: stream, Durable: "counters", Partitions: jetstream.Partitions(stream, partitions),
		Group: d.group("worker", name),
	}
	return jetstream.Work(ctx, js, consumer, func(ctx context.Context, p *jetstream.Partition) error {
		return sink.Commit(ctx, p.Events(), func(events []codec.Event) error {
			for _, e := range events {
				d.board.count(number(e.Data))
			}
			return nil
		}, p)
	})
}

// runNode serves the log to browsers.
func (d *demonstration) runNode(ctx context.Context, js natsjs.JetStream, name string) error {
	log, err := openLog(ctx, js)
	if err != nil {
		return err
	}
	now, err := log.End(ctx)
	if err != nil {
		return err
	}
	node := sink.NewBroadcaster(sink.WithReplay(log.Replay))
	d.board.setNode(name, node)
	err = node.Publish(ctx, log.Follow(now))
	d.board.setNode(name, nil)
	return errors.Join(err, node.Shutdown(context.WithoutCancel(ctx)))
}
