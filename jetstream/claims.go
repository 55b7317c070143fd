package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/clock"
	"github.com/rxsse/rxsse/internal/lifetime"
)

// claims is a member's part in its group. Its fields belong to the goroutine that calls
// run. Each piece of work runs on its own goroutine, which reports on the channels.
type claims struct {
	group  Group
	bucket jetstream.KeyValue
	names  []string
	work   func(ctx context.Context, name string) error
	reopen func(ctx context.Context) error

	held     map[string]*claim
	differ   bool          // the members of the group do not all have the same work
	ended    chan struct{} // has room for one: some work has ended
	fatal    chan error    // has room for one: an error that ends all work
	panicked chan *rxsse.PanicError
	wait     sync.WaitGroup
}

// A claim is one piece of work of this member, until the work has ended.
type claim struct {
	revision uint64      // of its entry
	renewed  time.Time   // when the last renewal that succeeded was sent
	expiry   *time.Timer // ends the work if nothing renews the claim, even while run waits for a server
	state    claimState
	cancel   context.CancelCauseFunc
	done     chan struct{} // closed when its work has ended
}

type claimState int

const (
	claimHeld     claimState = iota
	claimReleased            // the work ends, then others may have it
	claimLost                // others may have it already
)

// run holds claims until that cannot go on. It then releases everything, and returns the
// reason or repeats a panic of the work.
func (c *claims) run(ctx context.Context, nc *nats.Conn) error {
	reason := c.hold(ctx, nc)
	c.releaseAll(ctx, reason)
	select {
	case p := <-c.panicked: // perhaps of work that the release has ended
		panic(p)
	default:
		return reason
	}
}

// hold claims, renews and releases work until ctx ends, the connection is closed, or work
// panics or fails for good. It returns the reason.
func (c *claims) hold(ctx context.Context, nc *nats.Conn) error {
	tick := time.NewTicker(c.group.TTL / 3)
	defer tick.Stop()
	for {
		c.renew(ctx)
		c.removeEnded(ctx)
		c.balance(ctx)
		select {
		case <-tick.C:
		case <-c.ended:
		case err := <-c.fatal:
			return err
		case p := <-c.panicked:
			offer(c.panicked, p)
			return p
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if nc.IsClosed() {
			return fmt.Errorf("jetstream: group %q: %w", c.group.Name, nats.ErrConnectionClosed)
		}
	}
}

// key returns the key of an entry.
func (c *claims) key(kind, name string) string {
	return c.group.Name + "." + kind + "." + keyToken(name)
}

// keyToken returns a token of a key for a name of any characters.
func keyToken(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if isKey(string(rune(c))) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String()
}

// renew renews the claims, and ends the work of those that cannot be renewed.
//
// It renews all claims at once. One after the other, a member without a network would
// still wait for the first answer when the last claim expires.
func (c *claims) renew(ctx context.Context) {
	request, cancel := context.WithTimeout(ctx, c.group.TTL/6)
	defer cancel()
	var renewing sync.WaitGroup
	for name, held := range c.held {
		if held.state == claimLost || time.Since(held.renewed) < c.group.TTL/6 {
			continue // some other work has ended just after a renewal
		}
		renewing.Go(func() { c.renewOne(ctx, request, name, held) })
	}
	renewing.Wait()
}

// renewOne renews one claim, or ends its work.
func (c *claims) renewOne(ctx, request context.Context, name string, held *claim) {
	sent := time.Now()
	revision, err := c.bucket.Update(request, c.key("work", name), []byte(c.group.Member), held.revision)
	switch {
	case err == nil:
		held.revision, held.renewed = revision, sent
		held.expiry.Reset(c.workTime(sent))
	case ctx.Err() != nil:
	case isConflict(err), sent.Sub(held.renewed) > c.group.TTL/2: // it must end before others can claim it
		c.group.Logger.WarnContext(ctx, "jetstream: claim lost", "group", c.group.Name, "name", name, "cause", err)
		held.end(claimLost)
	default:
		c.group.Logger.WarnContext(ctx, "jetstream: cannot renew a claim, trying again", "group", c.group.Name, "name", name, "cause", err)
	}
}

// workTime returns how much longer work may run after its claim was renewed at that time.
// The work stops before the entry expires, since it needs time to return.
func (c *claims) workTime(renewed time.Time) time.Duration {
	return time.Until(renewed.Add(c.group.TTL * 5 / 6))
}

// end ends the work of a claim.
func (h *claim) end(state claimState) {
	h.state = state
	h.cancel(ErrClaimLost)
}

// isConflict reports whether an entry was not updated because it has changed.
func isConflict(err error) bool {
	const wrongLastSequenceReplicated = 10164 // what streams with replicas answer
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == wrongLastSequenceReplicated)
}

// removeEnded removes the claims whose work has ended, and releases those that are not
// lost.
func (c *claims) removeEnded(ctx context.Context) {
	request, cancel := context.WithTimeout(ctx, c.group.TTL/6)
	defer cancel()
	for name, held := range c.held {
		select {
		case <-held.done:
		default:
			continue
		}
		if held.state != claimLost {
			c.release(request, name, held)
		}
		delete(c.held, name)
	}
}

// release deletes the entry of a claim, so that others need not wait until it expires.
func (c *claims) release(ctx context.Context, name string, held *claim) {
	_ = c.bucket.Delete(ctx, c.key("work", name), jetstream.LastRevision(held.revision)) // else it expires
	c.group.Logger.InfoContext(ctx, "jetstream: released", "group", c.group.Name, "name", name)
}

// cannotRead reports that the claims cannot be read. It opens the bucket again, which
// creates it if it has been deleted.
func (c *claims) cannotRead(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	c.group.Logger.WarnContext(ctx, "jetstream: cannot read the claims, trying again", "group", c.group.Name, "bucket", c.group.Bucket, "cause", err)
	request, cancel := context.WithTimeout(ctx, c.group.TTL/6)
	defer cancel()
	if err := c.reopen(request); err != nil && ctx.Err() == nil {
		c.group.Logger.WarnContext(ctx, "jetstream: cannot open the bucket of the claims", "group", c.group.Name, "bucket", c.group.Bucket, "cause", err)
	}
}

// claim tries to claim a piece of work, starts the work if that succeeds, and reports
// whether it did.
func (c *claims) claim(ctx, request context.Context, name string) bool {
	sent := time.Now()
	revision, err := c.bucket.Create(request, c.key("work", name), []byte(c.group.Member))
	if err != nil {
		return false // another member was faster, or the next round tries again
	}
	working, cancel := context.WithCancelCause(ctx)
	held := &claim{revision: revision, renewed: sent, cancel: cancel, done: make(chan struct{})}
	held.expiry = time.AfterFunc(c.workTime(sent), func() { cancel(ErrClaimLost) })
	c.held[name] = held
	c.group.Logger.InfoContext(ctx, "jetstream: claimed", "group", c.group.Name, "name", name)
	c.wait.Go(func() { // until the claim ends
		defer func() {
			held.expiry.Stop()
			cancel(nil)
			close(held.done)
			offer(c.ended, struct{}{})
		}()
		panicked, _ := lifetime.Guard(func() error {
			c.report(name, true)
			defer c.report(name, false)
			c.keepWorking(working, name)
			return nil
		})
		if panicked != nil {
			offer(c.panicked, panicked)
		}
	})
	return true
}

// offer sends v if there is room.
func offer[T any](c chan<- T, v T) {
	select {
	case c <- v:
	default:
	}
}

func (c *claims) report(name string, held bool) {
	if c.group.OnClaim != nil {
		c.group.OnClaim(name, held)
	}
}

// keepWorking calls work until ctx ends, again after a pause when work returns earlier.
func (c *claims) keepWorking(ctx context.Context, name string) {
	for {
		err := c.work(ctx, name)
		if ctx.Err() != nil {
			return
		}
		var fatal fatalError
		if errors.As(err, &fatal) {
			offer(c.fatal, fatal.error)
			return
		}
		c.group.Logger.WarnContext(ctx, "jetstream: work has ended, starting it again", "group", c.group.Name, "name", name, "cause", err)
		if !clock.Sleep(ctx, c.group.TTL/10) {
			return
		}
	}
}

// releaseAll ends all work with cause, and leaves the group.
func (c *claims) releaseAll(ctx context.Context, cause error) {
	for _, held := range c.held {
		held.cancel(cause)
	}
	c.wait.Wait()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(c.group.TTL/3, releaseTimeout))
	defer cancel()
	for name, held := range c.held {
		if held.state != claimLost {
			c.release(ctx, name, held)
		}
	}
	_ = c.bucket.Delete(ctx, c.key("member", c.group.Member)) // else it expires
}
