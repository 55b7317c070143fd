package sink

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/argument"
)

// A Broadcaster sends events to any number of clients. It is an [http.Handler] that
// answers each request with a stream of Server-Sent Events, over HTTP/1.1 and HTTP/2, to
// browsers (EventSource) and all other clients.
//
//	b := sink.NewBroadcaster()
//	http.Handle("/events", b)
//	go http.ListenAndServe("localhost:8080", nil)
//	err := b.Publish(ctx, operators.EncodeJSON(prices, "price"))
//
// docs/serving-browsers.md shows the settings of proxies and frameworks.
//
// # What clients get
//
// A new client gets the events that are published from then on. A client that comes back
// names the last event it has, in the header Last-Event-ID, as EventSource does by
// itself, or in the query parameter lastEventId. It first gets what it has missed from
// the history, see [WithHistory], or from elsewhere, see [WithReplay]. If the ID is
// unknown, the client gets the First of its [ClientConfig], or else the whole history. To
// get the history on the first connection, use an ID that does not exist, such as
// ?lastEventId=none. An event without an ID gets one that no other Broadcaster gives, nor
// the next run of the program.
//
// With the query parameter type, which may be given up to 64 times, a client gets only
// events of these types. [WithClient] gives each client a filter, first events, or a
// refusal.
//
// A client that wants few of the events would come back with the ID of an old one, which
// the history has forgotten. So if the client does not want the newest event, its
// heartbeat is a block with the ID of that event and without data, which sets the
// client's last event ID. EventSource delivers no event for it. Some other clients
// deliver an empty one; use [WithHeartbeatEvent] for those. When half of the history has
// passed since the client was sent an ID, the heartbeat is sent early.
//
// # Slow clients
//
// Each event is encoded once and held once, in the history. Delivery takes no lock. Under
// load, each client is woken once a millisecond at most, and gets all events since then
// with one write.
//
// A client that reads slowly falls behind in the history. [WithSlowClients] says what
// happens when the history forgets an event that the client has not read. Other clients
// do not wait for it, except under [WaitForClients]. A write to a client keeps up to
// 32 KiB of encoded events, or one larger event, in memory. A client that does not read
// at all is disconnected after [WithWriteTimeout].
//
// The server's WriteTimeout does not apply: each write has its own deadline.
//
// # Refusals
//
// Requests are refused while there are too many clients, see [WithMaxClients], and after
// Shutdown. A request that accepts text/event-stream then gets status 200, a reconnection
// time and the end of the stream, because a browser's EventSource never tries again after
// an error status. Other requests get status 503 and Retry-After.
//
// # The end
//
// To stop a server, register [Broadcaster.BeginShutdown] and shut the server down:
//
//	server.RegisterOnShutdown(b.BeginShutdown)
//	…
//	err := server.Shutdown(ctx)
//
// The server then closes its listener before the streams end. Pages that come back at
// once reach the next server, or no server and try again; they never get an error status.
type Broadcaster struct {
	broadcastOptions

	prefix string // of generated IDs

	state   atomic.Int32 // broadcasting, shutDown or completed; changes with mu held
	log     eventLog     // changes with turn and mu held
	clients clientSet

	// Publishers take turns. The one that holds the token of turn owns these.
	turn   chan struct{}
	text   []byte    // buffer to encode an event in
	nextID int64     // number of the next generated ID
	waited []*client // see findWaited

	awaited atomic.Pointer[client] // the client that a publisher waits for
	moved   chan struct{}          // holds a token when that client has read on

	// mu guards the fields below. It is locked before clients.mu. A client locks it when it
	// joins, when it leaves and when it has caught up.
	mu                 sync.Mutex
	groups             map[any]*group
	allRead            int64         // each client that is waited for has read the events before this one
	ended              chan struct{} // closed when the broadcast ends
	empty              chan struct{} // closed when the broadcast has ended and no client is left
	left               map[LeaveReason]int64
	delivered, skipped int64 // by clients that have left

	accepted, unknownIDs, refused, rejected, repaired atomic.Int64
}

// NewBroadcaster returns a Broadcaster without events.
func NewBroadcaster(opts ...BroadcastOption) *Broadcaster {
	b := &Broadcaster{
		broadcastOptions: broadcastOptions{
			events:       1024,
			bytes:        8 << 20,
			age:          longest,
			heartbeat:    15 * time.Second,
			plainBeat:    []byte(heartbeatLine),
			writeTimeout: time.Minute,
		},
		prefix: rand.Text()[:10] + "-",
		turn:   make(chan struct{}, 1),
		moved:  make(chan struct{}, 1),
		groups: map[any]*group{},
		ended:  make(chan struct{}),
		empty:  make(chan struct{}),
		left:   map[LeaveReason]int64{},
	}
	b.log.init()
	for _, opt := range opts {
		opt(&b.broadcastOptions)
	}
	return b
}

// Publish subscribes to src and sends its events to all clients, as [Broadcaster.Send]
// does. Events that arrive while it sends are sent together. Several streams may be
// published at once.
//
// It returns nil when src completes. When src fails it returns that error; when ctx is
// cancelled, its cause; after the end of the broadcast, [ErrBroadcastEnded]. Events that
// cannot be sent, see [Broadcaster.Send], are left out: Publish goes on, and returns an
// error that says how many there were and names the first. The clients stay connected:
// call Publish again, or [Broadcaster.Complete] or [Broadcaster.Shutdown].
func (b *Broadcaster) Publish(ctx context.Context, src rxsse.Observable[codec.Event]) error {
	argument.MustNotBeNil("sink: Broadcaster.Publish: src", src == nil)
	var rejected rejections
	err := ForEachBatch(ctx, src, func(events []codec.Event) error { return b.send(ctx, events, &rejected) })
	return rejected.join(err)
}

// Send sends events to all clients. It returns when they are in the history, not when
// they are delivered. When the history is full, Send waits for the clients that have not
// read its oldest event: for those that are not slow, see [SlowClients], or for all of
// them under [WaitForClients]. If ctx is cancelled meanwhile, Send returns the cause; the
// events before the one that waits are sent.
//
// Text that the format cannot carry is repaired: CR and CRLF in data become LF, line
// breaks in a comment become spaces, and bytes that are not UTF-8 become U+FFFD in data,
// types and comments. An event is left out if
//
//   - its type has a line break or a NUL,
//   - it has a Comment beside other fields, or
//   - a client could not send its ID back in a header: the ID has control characters,
//     only spaces, invalid UTF-8 or more than 4 KiB.
//
// Send then sends the others and returns an error that names the first one that it has
// left out. The error wraps a [codec.EncodeError] where that is the cause.
func (b *Broadcaster) Send(ctx context.Context, events ...codec.Event) error {
	var rejected rejections
	return rejected.join(b.send(ctx, events, &rejected))
}

func (b *Broadcaster) send(ctx context.Context, events []codec.Event, rejected *rejections) error {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-b.turn }()
	defer b.clients.announce()
	now := time.Now()
	for i := range events {
		err := b.sendOne(ctx, events[i], &now)
		var bad *rejection
		if errors.As(err, &bad) {
			rejected.add(bad)
			b.rejected.Add(1)
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (b *Broadcaster) sendOne(ctx context.Context, e codec.Event, now *time.Time) error {
	isMessage := e.Type != "" || e.Data != ""
	if isMessage && e.ID == "" {
		e.ID = b.prefix + strconv.FormatInt(b.nextID, 36)
		b.nextID++
	}
	wire, repaired, err := appendWire(reusable(b.text), &e)
	if err != nil {
		return &rejection{e.Type, e.ID, err}
	}
	b.text = wire
	added := entry{id: e.ID}
	if isMessage {
		if e.Type == "" {
			e.Type = codec.DefaultType
		}
		added.typ = e.Type
		if b.client != nil {
			added.event = e
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.makeRoom(ctx, len(wire), now); err != nil {
		return err
	}
	if b.state.Load() != broadcasting {
		return fmt.Errorf("sink: Broadcaster: %w", ErrBroadcastEnded)
	}
	if repaired {
		b.repaired.Add(1)
	}
	added.at = *now
	b.log.add(added, wire)
	return nil
}
