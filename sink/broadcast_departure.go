package sink

import (
	"context"
	"errors"
	"os"
)

// A Departure says how a client has left a [Broadcaster].
type Departure struct {
	// Reason is a key of Left in [BroadcastStats].
	Reason LeaveReason
	// Err is the error behind the reason, or nil.
	Err error
	// Delivered is how many events were written to the client's connection.
	Delivered int64
	// Skipped is how many events it missed, see [SkipEvents].
	Skipped int64
}

// A LeaveReason says why a client has left a [Broadcaster]. Its text can be the label of
// a metric.
type LeaveReason string

const (
	// LeftClosed is a client that closed its connection, or whose request was cancelled.
	LeftClosed LeaveReason = "closed"
	// LeftTooSlow is a client that fell out of the history, see [DisconnectClients].
	LeftTooSlow LeaveReason = "too slow"
	// LeftTimedOut is a client that did not read within the time of [WithWriteTimeout].
	LeftTimedOut LeaveReason = "timed out"
	// LeftWriteFailed is a client whose connection failed during a write. In most such cases
	// net/http has cancelled the request by then, and the client counts as LeftClosed.
	LeftWriteFailed LeaveReason = "write failed"
	// LeftSourceFailed is a client whose First or replay failed.
	LeftSourceFailed LeaveReason = "source failed"
	// LeftEnded is a client that was connected at the end of the broadcast and got all
	// events.
	LeftEnded LeaveReason = "ended"
	// LeftInterrupted is a client that was still reading when the context of Shutdown or
	// Complete ended, or whose First or replay was ended by Shutdown.
	LeftInterrupted LeaveReason = "interrupted"
	// LeftPanicked is a client whose Filter, First or replay panicked.
	LeftPanicked LeaveReason = "panicked"
)

var errTooSlow = errors.New("sink: Broadcaster: the client was too slow")

// reason returns why c leaves, given the error of stream.
func (b *Broadcaster) reason(ctx context.Context, c *client, err error) LeaveReason {
	var source *sourceError
	missed := errors.Is(err, os.ErrDeadlineExceeded)
	switch {
	case err == nil, errors.Is(err, errNothingMissed):
		return LeftEnded
	case ctx.Err() != nil && !missed: // net/http also cancels ctx when a write misses its deadline
		return LeftClosed
	case c.interrupted.Load() && b.state.Load() == broadcasting:
		return LeftTimedOut // see giveUp
	case c.interrupted.Load(), errors.Is(err, errInterrupted):
		return LeftInterrupted
	case errors.Is(err, errTooSlow):
		return LeftTooSlow
	case errors.As(err, &source):
		return LeftSourceFailed
	case missed:
		return LeftTimedOut
	default:
		return LeftWriteFailed
	}
}

// leave calls Left and then removes c, so that Shutdown waits for Left, too.
func (b *Broadcaster) leave(c *client, why LeaveReason, err error) {
	b.moveTo(c, notWaiting)
	defer b.forgetClient(c, why)
	if c.Left != nil {
		c.Left(Departure{Reason: why, Err: err, Delivered: c.delivered.Load(), Skipped: c.skipped.Load()})
	}
}

func (b *Broadcaster) forgetClient(c *client, why LeaveReason) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.group != nil {
		if c.group.members--; c.group.members == 0 {
			delete(b.groups, c.Group)
		}
	}
	b.clients.remove(c)
	b.left[why]++
	b.delivered += c.delivered.Load()
	b.skipped += c.skipped.Load()
	if b.state.Load() != broadcasting && b.clients.size.Load() == 0 {
		close(b.empty)
	}
}

// LeaveReasons returns all reasons.
func LeaveReasons() []LeaveReason {
	return []LeaveReason{
		LeftClosed, LeftTooSlow, LeftTimedOut, LeftWriteFailed, LeftSourceFailed,
		LeftEnded, LeftInterrupted, LeftPanicked,
	}
}
