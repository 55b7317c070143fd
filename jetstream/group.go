package jetstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/clock"
)

// ErrClaimLost is the cause of the context of work whose claim was lost: another member has
// claimed it, or the cluster was unreachable for too long.
var ErrClaimLost = errors.New("jetstream: the claim is lost")

// A Group is a set of programs that share work: feeds to ingest, or partitions to consume.
// The members claim equal shares of the work in a key-value bucket. Its entries expire:
// when a member dies, others claim its work at most 1.4 × TTL later.
//
// A claim is a lease, not a lock: a member that was suspended may continue for a moment
// after another has taken over. [Log.Append] and the acknowledgements of [Consume] are safe
// against this; the effects of your own code on other systems are not.
type Group struct {
	// Name is the group's name: letters, digits, "-" and "_".
	Name string
	// Member is this program's name, unique among the running members of the group.
	// Default: a random name.
	Member string
	// Bucket is the key-value bucket for the claims. It is created if it does not exist.
	// Default: "rxsse-claims".
	Bucket string
	// TTL is how long a claim lasts without renewal. Members renew their claims three times
	// per TTL. All groups of a bucket have the same TTL. Default: 10 seconds. Minimum: 1
	// second.
	TTL time.Duration
	// Replicas is the number of replicas of the bucket when it is created. Default: 1.
	Replicas int
	// Logger, if not nil, logs claims and failures to reach the cluster.
	Logger *slog.Logger
	// OnClaim, if not nil, is called with true when this member has claimed a feed or
	// partition, and with false when it no longer holds it. It may be called concurrently.
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
		if !clock.Sleep(ctx, 200*time.Millisecond) {
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
