package sink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sort"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/internal/handoff"
)

// maxReplays is how many replays one client gets if the history forgets events during each
// of them. Then its stream ends, and the client comes back with its new last ID.
const maxReplays = 10

// Errors that end a stream early, after status 204 and after the header of a HEAD request.
var (
	errNothingMissed = errors.New("the client has missed nothing")
	errHead          = errors.New("the client wants only the header")
)

// A sourceError is an error of a stream that a client reads before the log.
type sourceError struct {
	what string
	err  error
}

func (e *sourceError) Error() string { return fmt.Sprintf("sink: Broadcaster: %s: %v", e.what, e.err) }
func (e *sourceError) Unwrap() error { return e.err }

// begin opens the stream of c, sends a replay or the caller's first events, and gives c
// its place in the log.
func (b *Broadcaster) begin(ctx context.Context, c *client) error {
	unknown := c.lastEventID != ""
	if c.next.Load() != notWaiting { // join has given it its place
		unknown = c.oldest
	} else if unknown && b.replay != nil {
		known, err := b.replayTo(ctx, c)
		if err != nil && ctx.Err() == nil {
			_ = b.open(c) // a client that got no header would not come back
		}
		switch {
		case err != nil, known:
			return err
		case !c.opened && !b.hasAnyForUnknown(c): // the broadcast is complete
			return b.answerNothingMissed(c)
		}
	}
	if err := b.open(c); err != nil {
		return err
	}
	if unknown {
		b.unknownIDs.Add(1)
	}
	if unknown && b.unknown != nil {
		if err := c.send(b.unknown); err != nil {
			return err
		}
	}
	if c.next.Load() != notWaiting {
		return nil
	}
	if c.First != nil {
		all := func(codec.Event) bool { return true }
		if err := b.read(ctx, c, &preface{what: "first events", src: c.First, wants: all}); err != nil {
			return err
		}
		c.hadFirst = true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.hadFirst {
		b.place(c, c.From.next-1)
	} else {
		b.placeAtOldest(c)
	}
	return nil
}

// answerNothingMissed sends status 204 to a client that has come back after Complete.
func (b *Broadcaster) answerNothingMissed(c *client) error {
	c.opened = true
	c.w.WriteHeader(http.StatusNoContent)
	return errNothingMissed
}

// open sends the header and the first line, once. The stream of a HEAD request ends here.
func (b *Broadcaster) open(c *client) error {
	if c.opened {
		return nil
	}
	c.opened = true
	if c.r.Method == http.MethodHead {
		setStreamHeader(c.w.Header(), c.r)
		return errHead
	}
	c.busy()
	defer c.idle()
	return c.open(b.retry)
}

// place makes c read the log from number next on. The caller holds b.mu.
func (b *Broadcaster) place(c *client, next int64) {
	c.behind.Store(next < b.log.end.Load())
	c.next.Store(next)
	c.start, c.checked = next, next
	b.allRead = min(b.allRead, next)
}

func (b *Broadcaster) placeAtOldest(c *client) {
	c.oldest = true
	b.place(c, b.young(b.log.oldest.Load()))
}

// young returns the number of the first event, starting at next, that is not too old.
func (b *Broadcaster) young(next int64) int64 {
	now := time.Now()
	return next + int64(sort.Search(int(b.log.end.Load()-next), func(i int) bool {
		e := b.log.at(next + int64(i))
		return e != nil && !b.tooOld(e, now)
	}))
}

// replayTo sends c the events after its last ID that the history no longer holds, up to the
// first one that it does hold, and gives c the place after that. It reports false if the
// replay does not know the ID.
//
// If the replay completes without reaching the history, the history follows, provided
// that it has forgotten no event since the replay began. Otherwise the events in between
// are replayed, too.
func (b *Broadcaster) replayTo(ctx context.Context, c *client) (known bool, err error) {
	if b.state.Load() != completed {
		if err := b.open(c); err != nil {
			return false, err
		}
	}
	id := c.lastEventID
	for range maxReplays {
		oldest := b.log.oldest.Load()
		events, err := b.replay(ctx, id)
		switch {
		case err != nil:
			return false, &sourceError{"replay", err}
		case events == nil:
			return false, nil
		}
		met := false
		p := &preface{what: "replay", src: events, wants: c.wantsEvent, met: func(seen string) bool {
			id = seen
			met = b.attachAfter(c, seen)
			return met
		}}
		if err = b.read(ctx, c, p); err == nil {
			err = b.sendReplayedID(c, p)
		}
		switch {
		case err != nil:
			return true, err
		case !met && !b.attachIfOldest(c, oldest):
			continue
		case !c.opened && !b.wantsAny(c, c.next.Load()): // the broadcast is complete
			return true, b.answerNothingMissed(c)
		}
		return true, b.open(c)
	}
	return true, &sourceError{"replay", fmt.Errorf("the history moved on during each of %d replays", maxReplays)}
}

// attachAfter gives c the place after the event with this ID, if the history holds it.
func (b *Broadcaster) attachAfter(c *client, id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	next, known := b.log.after(id)
	if known {
		b.placeWaited(c, next)
	}
	return known
}

// attachIfOldest gives c the place of the oldest event, if that still has this number.
func (b *Broadcaster) attachIfOldest(c *client, oldest int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.log.oldest.Load() != oldest {
		return false
	}
	b.placeWaited(c, oldest)
	return true
}

// placeWaited is place for a client whose next events may soon be forgotten: publishers
// wait for the client although it is not at the end, so that it needs no further replay.
func (b *Broadcaster) placeWaited(c *client, next int64) {
	b.place(c, next)
	c.behind.Store(false)
}

// wantsEvent is wants for an event that is not in the log.
func (c *client) wantsEvent(e codec.Event) bool {
	if e.Type == "" && e.Data != "" {
		e.Type = codec.DefaultType
	}
	return e.Type == "" || c.wantsType(e.Type) && (c.Filter == nil || c.Filter(e))
}

// A preface is a stream that a client reads before the log.
type preface struct {
	what  string
	src   rxsse.Observable[codec.Event]
	wants func(codec.Event) bool
	met   func(id string) bool // called with each ID; it ends the stream by returning true

	unwantedID string // of the newest event with an ID, if the client does not want it
}

// read sends c the events of a preface until it completes or met returns true, and
// heartbeats meanwhile. After Complete, a preface that is silent for the interval of the
// heartbeats counts as complete: it may be endless.
func (b *Broadcaster) read(ctx context.Context, c *client, p *preface) error {
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	c.cancel.Store(&cancel)
	if c.interrupted.Load() || b.state.Load() == shutDown { // after cancel is set: see endSource
		return errInterrupted
	}
	q := handoff.New[codec.Event](reading, handoff.DefaultLimit)
	defer q.Stop()
	q.Go(p.src)
	heartbeat := time.NewTicker(b.heartbeat)
	defer heartbeat.Stop()
	last := time.Now()
	for {
		c.rest()
		events, signal := q.Receive(heartbeat.C)
		switch {
		case signal == handoff.Tick && b.state.Load() == completed && time.Since(last) >= b.heartbeat:
			return nil
		case signal == handoff.Tick:
			if err := b.open(c); err != nil {
				return err
			}
			if err := c.send(b.heartbeatWith(p.unwantedID)); err != nil {
				return err
			}
			p.unwantedID = ""
			continue
		case signal != handoff.End:
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case q.Cancelled():
			return errInterrupted
		case q.Err() != nil:
			return &sourceError{p.what, q.Err()}
		default:
			return nil
		}
		last = time.Now()
		met, err := b.sendPreface(c, p, events)
		if err != nil || met {
			return err
		}
	}
}

// sendPreface sends the events that c wants, up to the one at which p.met returns true, and
// reports whether there was one. An event that cannot be encoded is omitted and counted.
func (b *Broadcaster) sendPreface(c *client, p *preface, events []codec.Event) (met bool, err error) {
	var wire []byte
	send := func() error {
		if err := b.open(c); err != nil {
			return err
		}
		return c.send(wire)
	}
	for _, e := range events {
		repaired := repairText(&e) // before a filter sees it, as for live events
		wanted := p.wants(e)
		switch {
		case e.ID == "":
		case wanted:
			p.unwantedID = ""
		default:
			p.unwantedID = e.ID
		}
		if wanted {
			if repaired {
				b.repaired.Add(1)
			}
			encoded, _, err := appendWire(wire, &e)
			if err != nil {
				b.rejected.Add(1)
			} else {
				wire = encoded
				c.delivered.Add(1)
			}
		}
		if len(wire) >= maxWrite {
			if err := send(); err != nil {
				return false, err
			}
			wire = reusable(wire)
		}
		if met = e.ID != "" && p.met != nil && p.met(e.ID); met {
			break
		}
	}
	if len(wire) > 0 {
		err = send()
	}
	return met, err
}
