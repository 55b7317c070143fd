package jetstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/rxsse/rxsse"
)

// ErrClaimLost is the cause that ends the context of work when its claim is lost: another
// member has claimed it, or the cluster could not be reached for too long.
var ErrClaimLost = errors.New("jetstream: the claim is lost")

// A Group is a set of programs that share work: feeds to ingest, or partitions to
// consume. The members claim pieces of work in a key-value bucket, an equal share each.
// The entries of the bucket expire: when a member dies, others claim its work at most
// 1.4 × TTL later.
//
// A claim is a lease, not a lock: a member that was suspended may continue for a moment
// after another has taken over. [Log.Append] and the acknowledgements of [Consume] are
// safe against that; effects of your own code on other systems are not.
type Group struct {
	// Name is the group's name: letters, digits, "-" and "_".
	Name string
	// Member is this program's name, unique among the running members of the group.
	// Default: a random name.
	Member string
	// Bucket is the key-value bucket for the claims. It is created if it does not exist.
	// Default: "rxsse-claims".
	Bucket string
	// TTL is how long a claim lasts without a renewal. Members renew their claims three
	// times in that time. All groups of a bucket have the same TTL. Default: 10 s.
	// Minimum: 1 s.
	TTL time.Duration
	// Replicas is the number of replicas of the bucket when it is created. Default: 1.
	Replicas int
	// Logger, if set, logs claims and failures to reach the cluster.
	Logger *slog.Logger
	// OnClaim, if set, is called with true when this member has claimed a piece of work,
	// and with false when it no longer holds it. Several goroutines may call it at once.
	OnClaim func(name string, held bool)
}

const (
	defaultBucket   = "rxsse-claims"
	defaultClaimTTL = 10 * time.Second
	minClaimTTL     = time.Second
	releaseTimeout  = time.Second // how long leaving may take without a cluster
)

// A fatalError is an error of work that makes share return.
type fatalError struct{ error }

func (e fatalError) Unwrap() error { return e.error }

// share claims pieces of work and calls work for each piece that this member holds,
// until ctx ends. When work returns earlier, share calls it again after a pause while it
// holds the claim. When work panics, share ends all work and repeats the panic.
func (g Group) share(ctx context.Context, js jetstream.JetStream, names []string, work func(ctx context.Context, name string) error) error {
	g, bucket, err := g.open(ctx, js)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	c := &claims{group: g, bucket: bucket, names: names, work: work, held: map[string]*claim{}, ended: make(chan struct{}, 1), fatal: make(chan error, 1), panicked: make(chan *rxsse.PanicError, 1)}
	c.reopen = func(ctx context.Context) error { // after the bucket was deleted
		_, bucket, err := g.open(ctx, js)
		if err == nil {
			c.bucket = bucket
		}
		return err
	}
	return c.run(ctx, js.Conn())
}

// open checks the settings and opens the bucket.
func (g Group) open(ctx context.Context, js jetstream.JetStream) (Group, jetstream.KeyValue, error) {
	if !isKey(g.Name) {
		return g, nil, fmt.Errorf("jetstream: Group.Name must consist of letters, digits, - and _, got %q", g.Name)
	}
	if g.Member == "" {
		g.Member = nuid.Next()
	}
	if !isKey(g.Member) {
		return g, nil, fmt.Errorf("jetstream: Group.Member must consist of letters, digits, - and _, got %q", g.Member)
	}
	if g.Bucket == "" {
		g.Bucket = defaultBucket
	}
	if g.TTL == 0 {
		g.TTL = defaultClaimTTL
	}
	if g.TTL < minClaimTTL {
		return g, nil, fmt.Errorf("jetstream: Group.TTL must be at least %s, got %s", minClaimTTL, g.TTL)
	}
	if g.Logger == nil {
		g.Logger = slog.New(slog.DiscardHandler)
	}
	bucket, ttl, err := g.openBucket(ctx, js)
	if err != nil {
		return g, nil, fmt.Errorf("jetstream: open bucket %q%w", g.Bucket, at(js.Conn(), err))
	}
	if ttl != g.TTL {
		return g, nil, fmt.Errorf("jetstream: bucket %q has a TTL of %s, and Group.TTL is %s; set Group.TTL to %[2]s, or Group.Bucket to another bucket", g.Bucket, ttl, g.TTL)
	}
	return g, bucket, nil
}

// openBucket opens the bucket, or creates it. It retries for some seconds: members that
// create the bucket at the same time can make each other fail.
func (g Group) openBucket(ctx context.Context, js jetstream.JetStream) (bucket jetstream.KeyValue, ttl time.Duration, err error) {
	const openTimeout = 5 * time.Second
	for begin := time.Now(); time.Since(begin) < openTimeout; {
		bucket, err = js.KeyValue(ctx, g.Bucket)
		if errors.Is(err, jetstream.ErrBucketNotFound) {
			bucket, err = js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
				Bucket: g.Bucket, Description: "claims of rxsse groups", TTL: g.TTL, Replicas: max(g.Replicas, 1),
			})
		}
		var status jetstream.KeyValueStatus
		if err == nil {
			status, err = bucket.Status(ctx)
		}
		if err == nil {
			return bucket, status.TTL(), nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return nil, 0, context.Cause(ctx)
		}
	}
	return nil, 0, err
}

// isKey reports whether s can be a token of a key.
func isKey(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// claims is a member's part in its group. Its fields belong to the goroutine that calls
// run. Each piece of work runs on a goroutine of its own, which reports on the channels.
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

// run claims, renews and releases work until ctx ends, the connection is closed or work
// fails for good. It then releases everything and returns the reason.
func (c *claims) run(ctx context.Context, nc *nats.Conn) error {
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
			c.leave(ctx, err)
			return err
		case p := <-c.panicked:
			c.releaseAll(ctx, p)
			panic(p)
		case <-ctx.Done():
			c.leave(ctx, context.Cause(ctx))
			return context.Cause(ctx)
		}
		if nc.IsClosed() {
			c.leave(ctx, nats.ErrConnectionClosed)
			return fmt.Errorf("jetstream: group %q: %w", c.group.Name, nats.ErrConnectionClosed)
		}
	}
}

// leave releases everything, and repeats a panic of the work that this ends.
func (c *claims) leave(ctx context.Context, cause error) {
	c.releaseAll(ctx, cause)
	select {
	case p := <-c.panicked:
		panic(p)
	default:
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

// balance renews this member's own entry, and claims or releases work until the member
// holds its share.
func (c *claims) balance(ctx context.Context) {
	request, cancel := context.WithTimeout(ctx, c.group.TTL/3)
	defer cancel()
	members, taken, err := c.list(request)
	if err != nil {
		c.cannotRead(ctx, err)
		return
	}
	mine, differ := assign(members, keyToken(c.group.Member))
	if differ && !c.differ {
		c.group.Logger.WarnContext(ctx, "jetstream: the members of the group have different feeds or partitions; each is read by a member that has it in its configuration", "group", c.group.Name, "member", c.group.Member)
	}
	c.differ = differ
	surplus := -len(mine)
	for _, held := range c.held {
		if held.state == claimHeld {
			surplus++
		}
	}
	// Members with the same work only balance how many pieces they hold, not which: so
	// little work moves when members come and go.
	shouldClaim := func(string) bool { return surplus < 0 }
	shouldRelease := func(string) bool { return surplus > 0 }
	if differ {
		shouldClaim = func(name string) bool { return slices.Contains(mine, name) }
		shouldRelease = func(name string) bool { return !slices.Contains(mine, name) }
	}
	for _, name := range c.names {
		held := c.held[name]
		switch {
		case held != nil && held.state == claimHeld && shouldRelease(name):
			held.end(claimReleased)
			surplus--
		case held == nil && shouldClaim(name) && !slices.Contains(taken, c.key("work", name)):
			if c.claim(ctx, request, name) {
				surplus++
			}
		}
	}
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

// list renews this member's own entry, and returns the members of the group with the
// names of their work, and the keys of the work that is claimed.
func (c *claims) list(ctx context.Context) (members map[string][]string, taken []string, err error) {
	if _, err := c.bucket.Put(ctx, c.key("member", c.group.Member), []byte(strings.Join(c.names, "\n"))); err != nil {
		return nil, nil, err
	}
	prefix := c.group.Name + "."
	entries, err := c.bucket.Watch(ctx, prefix+">", jetstream.IgnoreDeletes())
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = entries.Stop() }()
	members = map[string][]string{}
	for {
		select {
		case entry := <-entries.Updates():
			if entry == nil { // the end of the entries
				members[keyToken(c.group.Member)] = c.names // the server that answered may not have it yet
				return members, taken, nil
			}
			if member, ok := strings.CutPrefix(entry.Key(), prefix+"member."); ok {
				members[member] = strings.Split(string(entry.Value()), "\n")
			} else {
				taken = append(taken, entry.Key())
			}
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

// assign assigns each piece of work to one of the members that have it, and returns the
// pieces of one member. If all members have the same work, the sizes of their shares
// differ by one at most; differ reports that they have not.
func assign(members map[string][]string, member string) (mine []string, differ bool) {
	has := map[string]map[string]bool{} // by piece of work and member
	for m, names := range members {
		for _, name := range names {
			if has[name] == nil {
				has[name] = map[string]bool{}
			}
			has[name][m] = true
		}
	}
	inOrder, count := slices.Sorted(maps.Keys(members)), map[string]int{}
	names := slices.SortedFunc(maps.Keys(has), func(a, b string) int { // first the work that few members have
		return cmp.Or(cmp.Compare(len(has[a]), len(has[b])), cmp.Compare(a, b))
	})
	for _, name := range names {
		least := ""
		for _, m := range inOrder {
			if !has[name][m] {
				differ = true
			} else if least == "" || count[m] < count[least] {
				least = m
			}
		}
		count[least]++
		if least == member {
			mine = append(mine, name)
		}
	}
	return mine, differ
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
			if v := recover(); v != nil {
				offer(c.panicked, asPanic(v))
			}
			held.expiry.Stop()
			cancel(nil)
			close(held.done)
			offer(c.ended, struct{}{})
		}()
		c.report(name, true)
		defer c.report(name, false)
		c.keepWorking(working, name)
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

// asPanic wraps a recovered value with the stack of the goroutine that panicked.
func asPanic(v any) *rxsse.PanicError {
	if p, ok := v.(*rxsse.PanicError); ok {
		return p
	}
	return &rxsse.PanicError{Value: v, Stack: debug.Stack()}
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
		select {
		case <-time.After(c.group.TTL / 10):
		case <-ctx.Done():
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
