package jetstream

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Members that have the same work get equal shares, and each piece goes to one of them. If
// their work differs, each piece goes to a member that has it.
func TestAssign(t *testing.T) {
	abc := []string{"a", "b", "c", "d", "e"}
	for name, row := range map[string]struct {
		members map[string][]string
		want    map[string]string // by member
		differ  bool
	}{
		"alone":                       {map[string][]string{"m": abc}, map[string]string{"m": "[a b c d e]"}, false},
		"equal shares":                {map[string][]string{"m": abc, "n": abc, "o": abc}, map[string]string{"m": "[a d]", "n": "[b e]", "o": "[c]"}, false},
		"more members than work":      {map[string][]string{"m": {"a"}, "n": {"a"}}, map[string]string{"m": "[a]", "n": "[]"}, false},
		"nothing in common":           {map[string][]string{"m": {"a"}, "n": {"b"}}, map[string]string{"m": "[a]", "n": "[b]"}, true},
		"a new feed in a new version": {map[string][]string{"m": {"a", "b"}, "n": {"a"}}, map[string]string{"m": "[b]", "n": "[a]"}, true},
		"the new version is second":   {map[string][]string{"m": {"a"}, "n": {"a", "b"}}, map[string]string{"m": "[a]", "n": "[b]"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for member, want := range row.want {
				mine, differ := assign(row.members, member)
				assert.Equal(t, want, fmt.Sprint(mine), member)
				assert.Equal(t, row.differ, differ)
			}
		})
	}
}

// A bucketBehind is a bucket whose server does not show the newest entry.
type bucketBehind struct {
	jetstream.KeyValue

	put []string
}

func (b *bucketBehind) Put(_ context.Context, key string, value []byte) (uint64, error) {
	b.put = append(b.put, key+"="+string(value))
	return 1, nil
}

func (b *bucketBehind) Watch(context.Context, string, ...jetstream.WatchOpt) (jetstream.KeyWatcher, error) {
	updates := make(chan jetstream.KeyValueEntry, 1)
	updates <- nil
	return watcher{updates: updates, stop: func() {}}, nil
}

type watcher struct {
	jetstream.KeyWatcher

	updates chan jetstream.KeyValueEntry
	stop    func()
}

func (w watcher) Updates() <-chan jetstream.KeyValueEntry { return w.updates }

func (w watcher) Stop() error {
	w.stop()
	return nil
}

// A member counts itself although the server does not show its entry yet: otherwise it
// would get no work.
func TestAMemberCountsItself(t *testing.T) {
	bucket := &bucketBehind{}
	c := &claims{bucket: bucket, names: []string{"a", "b"}, group: Group{Name: "g", Member: "m", TTL: time.Second, Logger: slog.New(slog.DiscardHandler)}}
	members, taken, err := c.list(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"g.member.m=a\nb"}, bucket.put)
	assert.Equal(t, map[string][]string{"m": {"a", "b"}}, members)
	assert.Empty(t, taken)
}

// A memoryBucket is a bucket in memory, for one goroutine. Its entries do not expire.
type memoryBucket struct {
	jetstream.KeyValue

	entries  map[string]memoryEntry
	revision uint64
	behind   string // the key of an entry that Watch does not show yet
	watchers int
}

type memoryEntry struct {
	jetstream.KeyValueEntry

	key, value string
	revision   uint64
}

func (e memoryEntry) Key() string   { return e.key }
func (e memoryEntry) Value() []byte { return []byte(e.value) }

func (b *memoryBucket) Put(_ context.Context, key string, value []byte) (uint64, error) {
	b.revision++
	b.entries[key] = memoryEntry{key: key, value: string(value), revision: b.revision}
	return b.revision, nil
}

func (b *memoryBucket) Create(ctx context.Context, key string, value []byte, _ ...jetstream.KVCreateOpt) (uint64, error) {
	if _, exists := b.entries[key]; exists {
		return 0, jetstream.ErrKeyExists
	}
	return b.Put(ctx, key, value)
}

func (b *memoryBucket) Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	if b.entries[key].revision != revision {
		return 0, &jetstream.APIError{Code: 400, ErrorCode: jetstream.JSErrCodeStreamWrongLastSequence}
	}
	return b.Put(ctx, key, value)
}

func (b *memoryBucket) Delete(_ context.Context, key string, _ ...jetstream.KVDeleteOpt) error {
	delete(b.entries, key)
	return nil
}

func (b *memoryBucket) Watch(context.Context, string, ...jetstream.WatchOpt) (jetstream.KeyWatcher, error) {
	updates := make(chan jetstream.KeyValueEntry, len(b.entries)+1)
	for _, e := range b.entries {
		if e.key != b.behind {
			updates <- e
		}
	}
	updates <- nil
	b.watchers++
	return watcher{updates: updates, stop: func() { b.watchers-- }}, nil
}

// join adds a member with the names of its work.
func (b *memoryBucket) join(member string, names ...string) {
	b.entries["g.member."+member] = memoryEntry{key: "g.member." + member, value: strings.Join(names, "\n")}
}

// A worker is member m of group g in a bubble. Its work lasts until it is cancelled.
type worker struct {
	*claims

	bucket *memoryBucket
	log    strings.Builder
	mu     sync.Mutex
	causes []error // why work has ended
}

func newWorker(t *testing.T, names ...string) *worker {
	t.Helper()
	w := &worker{bucket: &memoryBucket{entries: map[string]memoryEntry{}}}
	group := Group{Name: "g", Member: "m", TTL: 6 * time.Second, Logger: slog.New(slog.NewTextHandler(&w.log, nil))}
	w.claims = &claims{group: group, bucket: w.bucket, names: names, held: map[string]*claim{}, ended: make(chan struct{}, 1)}
	w.work = func(ctx context.Context, _ string) error {
		<-ctx.Done()
		w.mu.Lock()
		defer w.mu.Unlock()
		w.causes = append(w.causes, context.Cause(ctx))
		return nil
	}
	return w
}

// claimed returns how many pieces of work the member has claimed in the bucket.
func (w *worker) claimed(ctx context.Context) (n int) {
	synctest.Wait()
	w.removeEnded(ctx)
	for key := range w.bucket.entries {
		if strings.HasPrefix(key, "g.work.") {
			n++
		}
	}
	return n
}

// A member claims no more than its share, although nobody has claimed the rest, and
// releases no more than the others need.
func TestAMemberHoldsItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorker(t, "a", "b", "c", "d")
		for _, step := range []struct {
			others []string
			want   int
		}{{[]string{"n"}, 2}, {[]string{"n"}, 2}, {nil, 4}, {[]string{"n"}, 2}, {[]string{"n", "o", "p"}, 1}, {nil, 4}} {
			for key := range w.bucket.entries {
				if strings.HasPrefix(key, "g.member.") {
					delete(w.bucket.entries, key)
				}
			}
			for _, other := range step.others {
				w.bucket.join(other, "a", "b", "c", "d")
			}
			w.balance(t.Context())
			assert.Equal(t, step.want, w.claimed(t.Context()), "with %v", step.others)
		}
		w.releaseAll(t.Context(), context.Canceled)
		assert.Empty(t, w.bucket.entries)
		assert.Zero(t, w.bucket.watchers, "each was stopped")
	})
}

// A member claims another piece of work if another member claimed one meanwhile.
func TestAMemberClaimsWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorker(t, "a", "b", "c", "d")
		w.bucket.join("n", "a", "b", "c", "d")
		_, err := w.bucket.Put(t.Context(), "g.work.a", []byte("n"))
		require.NoError(t, err)
		w.bucket.behind = "g.work.a"
		w.balance(t.Context())
		assert.Equal(t, 3, w.claimed(t.Context()), "two, and that of the other member")
		assert.Equal(t, 2, strings.Count(w.log.String(), `msg="jetstream: claimed" group=g name=`), w.log.String())
		w.releaseAll(t.Context(), context.Canceled)
		assert.Equal(t, 2, strings.Count(w.log.String(), `msg="jetstream: released" group=g name=`), w.log.String())
	})
}

// A member whose work differs from that of the others warns once.
func TestAMemberWarnsOfDifferentWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorker(t, "a")
		w.bucket.join("n", "b")
		for range 3 {
			w.balance(t.Context())
		}
		assert.Equal(t, 1, strings.Count(w.log.String(), "the members of the group have different feeds or partitions"))
		w.releaseAll(t.Context(), context.Canceled)
	})
}

// A claim that another member has is lost at the next renewal, and stays with the other.
func TestAClaimThatAnotherMemberHasIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorker(t, "a")
		w.balance(t.Context())
		_, err := w.bucket.Put(t.Context(), "g.work.a", []byte("n"))
		require.NoError(t, err)
		time.Sleep(2 * time.Second)
		w.renew(t.Context())
		<-w.ended // run looks for other work at once
		assert.Equal(t, 1, w.claimed(t.Context()), "that of the other member")
		assert.Equal(t, []error{ErrClaimLost}, w.causes)
		w.releaseAll(t.Context(), context.Canceled)
	})
}

// A claim that is renewed lasts.
func TestAClaimThatIsRenewedLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorker(t, "a")
		w.balance(t.Context())
		for range 10 {
			time.Sleep(2 * time.Second)
			w.renew(t.Context())
			assert.Equal(t, 1, w.claimed(t.Context()))
		}
		w.releaseAll(t.Context(), context.Canceled)
		assert.Equal(t, []error{context.Canceled}, w.causes)
	})
}

// Work ends a sixth of the TTL before its claim expires.
func TestWorkTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &claims{group: Group{TTL: 6 * time.Second}}
		renewed := time.Now()
		time.Sleep(2 * time.Second)
		assert.Equal(t, 3*time.Second, c.workTime(renewed))
	})
}

// Work that has ended begins again after a tenth of the TTL.
func TestWorkBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		var begun []time.Duration
		c := &claims{group: Group{TTL: 10 * time.Second, Logger: slog.New(slog.DiscardHandler)}, work: func(context.Context, string) error {
			if begun = append(begun, time.Since(start)); len(begun) == 3 {
				cancel()
			}
			return nil
		}}
		c.keepWorking(ctx, "a")
		assert.Equal(t, []time.Duration{0, time.Second, 2 * time.Second}, begun)
	})
}

func TestIsKey(t *testing.T) {
	assert.True(t, isKey("azAZ09-_"))
	for _, c := range "/:@[`{ .*>=ä" {
		assert.False(t, isKey("a"+string(c)), "%q", c)
	}
	assert.False(t, isKey(""))
}

func TestIsConflict(t *testing.T) {
	for code, want := range map[jetstream.ErrorCode]bool{10071: true, 10164: true, 10165: false, 10054: false} {
		assert.Equal(t, want, isConflict(fmt.Errorf("update: %w", &jetstream.APIError{Code: 400, ErrorCode: code})), code)
	}
	assert.False(t, isConflict(context.DeadlineExceeded))
}

func TestTooOld(t *testing.T) {
	for version, want := range map[string]bool{"2.13.9": true, "v2.9.0": true, "1.4.1": true, "2.14.0": false, "2.15.3": false, "3.0.0": false, "": false, "dev": false} {
		assert.Equal(t, want, tooOld(version), version)
	}
}
