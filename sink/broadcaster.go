package sink

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// A Broadcaster publishes events to any number of clients: it is an [http.Handler]
// that answers each request with a stream of Server-Sent Events, over HTTP/1.1 and
// HTTP/2, to browsers (EventSource) and others.
//
//	b := sink.NewBroadcaster()
//	http.Handle("/events", b)
//	go http.ListenAndServe("localhost:8080", nil)
//	err := b.Publish(ctx, operators.EncodeJSON(prices, "price"))
//
// # What clients get
//
// A new client gets what is published from then on. One that comes back with the
// Last-Event-ID header, as EventSource does by itself, or with the query parameter
// lastEventId, gets what it has missed first, as far as the history reaches: see
// [WithHistory]. If the ID is not in the history it gets all of the history. Events
// without an ID are given one, which differs from those of other Broadcasters and
// of the program's next run.
//
// With the query parameter type, which may be there several times, a client gets
// events of these types only. One that wants what the history holds to begin with asks
// for what comes after an ID that nobody knows, such as ?lastEventId=none.
//
// # Slow clients
//
// Each event is encoded once and held once, in the history. A client that reads too
// slowly falls behind in it, and [WithSlowClients] says what happens when it falls
// out of it. Other clients do not wait for it, except under [WaitForClients]. It
// holds at most 32 KiB, or one event, of its own. One that does not read at all is
// disconnected after [WithWriteTimeout].
//
// The server's WriteTimeout does not apply: each write has its own deadline.
type Broadcaster struct {
	broadcastOptions

	prefix string // of the IDs it gives

	mu      sync.RWMutex
	log     eventLog
	text    []byte        // room for an event to be encoded in
	given   int64         // IDs
	wake    chan struct{} // closed and replaced when something happens that clients wait for
	clients map[*client]struct{}
	state   broadcastState
	unheard bool          // events were added since the clients were woken
	pastAll int64         // no client that counts has yet to read an event before this one
	killed  bool          // clients are not to be waited for any longer
	empty   chan struct{} // closed when the last client has left after the end

	waiting atomic.Int32  // publishers that wait
	moving  sync.Mutex    // guards moved
	moved   chan struct{} // closed and replaced when a client has read on while publishers wait

	stats broadcastCounters
}

type broadcastState int

const (
	broadcasting broadcastState = iota
	shutDown                    // clients may come back to another server
	completed                   // there will be nothing more
)

// ErrBroadcastEnded means that something was published after [Broadcaster.Shutdown]
// or [Broadcaster.Complete].
var ErrBroadcastEnded = errors.New("the broadcast has ended")

// NewBroadcaster returns a Broadcaster that nothing has been published to.
func NewBroadcaster(opts ...BroadcastOption) *Broadcaster {
	b := &Broadcaster{
		broadcastOptions: broadcastOptions{
			events:       1024,
			bytes:        8 << 20,
			heartbeat:    15 * time.Second,
			writeTimeout: 10 * time.Second,
		},
		prefix:  rand.Text()[:10] + "-",
		wake:    make(chan struct{}),
		clients: map[*client]struct{}{},
		empty:   make(chan struct{}),
		moved:   make(chan struct{}),
	}
	for _, opt := range opts {
		opt(&b.broadcastOptions)
	}
	b.log.ids = map[string]idPlaces{}
	return b
}

// Publish subscribes to src and sends its events to all clients, those that have
// come since the last time at once. It returns nil when src completes; when src
// fails, its error; the cause of a cancelled context; an error when an event cannot
// be encoded, or after the end of the broadcast, [ErrBroadcastEnded]. The clients stay
// connected: what follows is another Publish, [Broadcaster.Complete] or
// [Broadcaster.Shutdown]. Several streams may be published at once.
func (b *Broadcaster) Publish(ctx context.Context, src rxsse.Observable[codec.Event]) error {
	return ForEachBatch(ctx, src, func(events []codec.Event) error { return b.Send(ctx, events...) })
}

// Send sends events to all clients. It returns once they are in the history, not
// once they are delivered; under [WaitForClients] it may have to wait, and returns
// the cause if ctx is cancelled then. Its other errors are those of
// [Broadcaster.Publish]; the events before the one they are about are sent.
func (b *Broadcaster) Send(ctx context.Context, events ...codec.Event) error {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.announce()
	for _, e := range events {
		if b.state != broadcasting {
			return fmt.Errorf("sink: Broadcaster: %w", ErrBroadcastEnded)
		}
		isMessage := e.Type != "" || e.Data != ""
		if isMessage && e.ID == "" {
			e.ID = b.prefix + strconv.FormatInt(b.given, 36)
			b.given++
		}
		text, err := codec.AppendEvent(b.text, e)
		if err != nil {
			return fmt.Errorf("sink: Broadcaster: %w", err)
		}
		b.text = reusable(text)
		wire := bytes.Clone(text)
		waited, err := b.makeRoom(ctx, len(wire), now)
		if err != nil {
			return err
		}
		if waited {
			now = time.Now()
		}
		if isMessage && e.Type == "" {
			e.Type = codec.DefaultType
		}
		b.log.add(entry{id: e.ID, eventType: e.Type, wire: wire, at: now})
		b.unheard = true
		b.stats.events.Add(1)
	}
	return nil
}

// announce wakes all clients if there is anything new for them.
func (b *Broadcaster) announce() {
	if b.unheard {
		b.wakeAll()
	}
}

// wakeAll wakes all clients. Called with the lock held.
func (b *Broadcaster) wakeAll() {
	close(b.wake)
	b.wake = make(chan struct{})
	b.unheard = false
}

// makeRoom forgets the oldest events, until there is room for one of so many bytes.
// It may give up the lock for a time, to wait for clients, and says so.
func (b *Broadcaster) makeRoom(ctx context.Context, size int, now time.Time) (waited bool, err error) {
	for b.log.len() > 0 {
		full := b.log.len() >= b.events || b.log.bytes+int64(size) > b.bytes
		if !full && !b.tooOld(b.log.oldest(), now) {
			break
		}
		if b.mustWait(b.log.first) {
			if !full {
				break // there is no hurry
			}
			waited = true
			if err := b.waitForClients(ctx); err != nil {
				return waited, err
			}
			if b.state != broadcasting {
				return waited, fmt.Errorf("sink: Broadcaster: %w", ErrBroadcastEnded)
			}
			continue
		}
		b.log.forget()
	}
	return waited, nil
}

func (b *Broadcaster) tooOld(e *entry, now time.Time) bool {
	return b.age > 0 && now.Sub(e.at) > b.age
}

// mustWait reports whether there are clients that have yet to read the event with this
// number, and count: under WaitForClients all of them, and otherwise those that are not
// being written to, which are not slow, but have only not got round to it.
func (b *Broadcaster) mustWait(number int64) bool {
	if number < b.pastAll {
		return false
	}
	b.pastAll = b.log.end()
	for c := range b.clients {
		if b.slow == WaitForClients || !c.writing.Load() {
			b.pastAll = min(b.pastAll, c.next.Load())
		}
	}
	return b.pastAll <= number
}

// waitForClients gives up the lock until a client has read on.
func (b *Broadcaster) waitForClients(ctx context.Context) error {
	b.announce()
	wake := b.wake
	b.waiting.Add(1)
	b.moving.Lock()
	moved := b.moved
	b.moving.Unlock()
	b.mu.Unlock()
	defer b.mu.Lock()
	defer b.waiting.Add(-1)
	select {
	case <-moved:
	case <-wake: // the broadcast may have ended
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// readOn tells publishers that wait that a client has read on, is being written to, or
// has left.
func (b *Broadcaster) readOn() {
	if b.waiting.Load() == 0 {
		return
	}
	b.moving.Lock()
	defer b.moving.Unlock()
	close(b.moved)
	b.moved = make(chan struct{})
}

// Shutdown ends the broadcast for now: clients are given what is published by then,
// and their streams end, after which they come back by themselves. Whoever comes
// from then on is refused with status 503. Shutdown returns nil once all clients have
// left; if ctx ends before, those that are left are disconnected, and it returns the
// cause. Call it before [http.Server.Shutdown], which waits for the streams.
//
// An EventSource that is refused with 503 does not try again: let another server
// answer, or this one's listener be closed, soon.
func (b *Broadcaster) Shutdown(ctx context.Context) error { return b.end(ctx, shutDown) }

// Complete ends the broadcast for good: clients are given what is published by then,
// and their streams end. Whoever comes back is given what it has missed; a client that
// has everything gets status 204, and stops reconnecting. It returns as
// [Broadcaster.Shutdown] does.
func (b *Broadcaster) Complete(ctx context.Context) error { return b.end(ctx, completed) }

func (b *Broadcaster) end(ctx context.Context, state broadcastState) error {
	b.mu.Lock()
	if b.state == broadcasting && len(b.clients) == 0 {
		close(b.empty)
	}
	b.state = state
	empty := b.empty
	b.wakeAll()
	b.mu.Unlock()
	select {
	case <-empty:
		return nil
	default:
	}
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
	}
	defer b.spare()
	for b.interruptAll() {
		select {
		case <-empty:
			return context.Cause(ctx)
		case <-time.After(10 * time.Millisecond): // one may have begun to write just then
		}
	}
	return context.Cause(ctx)
}

// interruptAll ends what clients are doing. It reports whether there are any that can be
// waited for: one whose connection has no deadlines may take as long as it likes.
func (b *Broadcaster) interruptAll() (waitable bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.killed = true
	for c := range b.clients {
		waitable = c.interrupt() || waitable
	}
	b.wakeAll()
	return waitable
}

// spare lets clients come back for what they have missed, after interruptAll.
func (b *Broadcaster) spare() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.killed = false
}

// ServeHTTP answers with a stream of events. It returns when the client has gone, or
// is too slow, or the broadcast has ended.
func (b *Broadcaster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.allowOrigin(w, r)
	switch r.Method {
	case http.MethodGet:
	case http.MethodOptions:
		w.Header().Set("Access-Control-Allow-Methods", http.MethodGet)
		w.Header().Set("Access-Control-Allow-Headers", "Last-Event-ID, Cache-Control")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		w.Header().Set("Allow", "GET, OPTIONS")
		http.Error(w, "events are to be had with GET", http.StatusMethodNotAllowed)
		return
	}
	c := newClient(w, r)
	if len(c.types) > maxTypes {
		http.Error(w, fmt.Sprintf("more than %d event types", maxTypes), http.StatusBadRequest)
		return
	}
	if !canFlush(w) {
		http.Error(w, "this server cannot send events as they come: a handler around it hides http.Flusher", http.StatusInternalServerError)
		return
	}
	switch b.join(c) {
	case http.StatusOK:
	case http.StatusNoContent:
		b.stats.refused.Add(1)
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		b.stats.refused.Add(1)
		w.Header().Set("Retry-After", "5")
		http.Error(w, "no more clients at the moment", http.StatusServiceUnavailable)
		return
	}
	defer b.leave(c)
	b.serve(c, r)
}
