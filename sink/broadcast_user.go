package sink

import (
	"fmt"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// A ClientConfig says what one client of a [Broadcaster] gets. See [WithClient]. The zero
// ClientConfig gets all events.
type ClientConfig struct {
	// Filter reports whether the client gets an event. It is not called for comments. It
	// must always answer the same for the same event, return soon, and be safe for
	// concurrent use. nil: the client gets all events.
	Filter func(codec.Event) bool

	// Group is shared by the clients that have the same Filter, such as those of one user,
	// one tenant or one topic. Filter is then called about once for an event and not once
	// for each client. While it has clients, a Group takes half a byte for each event that
	// the history may hold: at least 512 bytes, at most 512 KiB. It must be comparable.
	// nil: the client is alone.
	Group any

	// First is sent before the live events: the current state, for example. A client gets
	// it if it does not resume: if it has no last event ID, or one that neither the history
	// nor WithReplay knows. After [Broadcaster.Complete] clients get it, too. Each client
	// subscribes to it separately. Filter does not apply to it. An event without an ID is
	// sent without one, so a client that loses its connection before the first live event
	// gets First again. If First fails, the client's stream ends, and the client comes back.
	First rxsse.Observable[codec.Event]

	// From is where the live events begin after First. Take it from
	// [Broadcaster.Position] under the lock that guards the state and the calls of Send:
	// then no event is lost or repeated between First and the live events. The zero
	// Position is the moment before First is subscribed to: no event is lost, but one that
	// First already contains may be repeated.
	From Position

	// Left is called once when the client leaves, on the goroutine of the request.
	// Shutdown and Complete wait for it. It is not called for a HEAD request, nor for a
	// client that is refused after all: because others have taken the last place, or the
	// broadcast has ended, since [WithClient] was called.
	Left func(Departure)
}

// A Position is a place between two events of a [Broadcaster].
type Position struct {
	next int64 // number of the next event, plus one; 0: no position
}

// Position returns the place after the newest event. It takes no lock.
func (b *Broadcaster) Position() Position { return Position{b.log.end.Load() + 1} }

// A Refusal is an error with which the function of [WithClient] refuses a request.
//
// With status 503 or 429, a request that accepts an event stream gets an empty stream
// that asks it to come back later, since a browser's EventSource never tries again after
// an error status. All other statuses are sent as they are.
type Refusal struct { //nolint:errname // it is an answer, which is returned as an error
	Status  int    // the HTTP status, from 400 to 599; the client gets 500 in place of any other
	Message string // the body of the answer, for the client to see
}

// Error gives the status and the message.
func (r *Refusal) Error() string {
	return fmt.Sprintf("request refused with status %d: %s", r.Status, r.Message)
}
