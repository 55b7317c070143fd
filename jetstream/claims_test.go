package jetstream_test

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/jetstream"
)

// silent delivers nothing until it is cancelled.
func silent(begin func()) rxsse.Observable[codec.Event] {
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			begin()
			<-ctx.Done()
			yield(codec.Event{}, context.Cause(ctx))
		}
	}
}

// within waits for a value, for much longer than it should take.
func within[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(30 * time.Second):
		t.Fatalf("%s: nothing happens", what)
	}
	return v
}

// A member whose connection hangs ends its work before its claim expires, although it gets
// no answer and no error; then another member has the claim.
func TestWorkEndsBeforeItsClaimExpires(t *testing.T) {
	link := startLink(t, strings.TrimPrefix(shared.URL(), "nats://"), nil)
	_, consumer := partitioned(t, connect(t, shared.URL()), 1)
	consumer.Group.Bucket, consumer.Group.TTL = "test-claims-3s", 3*time.Second
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun, ended := make(chan struct{}), make(chan time.Time, 1)
	warnings := make(lines, 100)
	stalling := consumer
	stalling.Group.Logger = slog.New(slog.NewTextHandler(warnings, nil))
	var members sync.WaitGroup
	defer members.Wait()
	defer cancel()
	members.Go(func() {
		_ = jetstream.Work(ctx, connect(t, link.url), stalling, func(ctx context.Context, _ *jetstream.Partition) error {
			close(begun)
			<-ctx.Done()
			assert.ErrorIs(t, context.Cause(ctx), jetstream.ErrClaimLost)
			ended <- time.Now()
			return nil
		})
	})
	within(t, "the first member", begun)
	taken := make(chan time.Time, 1)
	members.Go(func() {
		_ = jetstream.Work(ctx, connect(t, shared.URL()), consumer, func(ctx context.Context, _ *jetstream.Partition) error {
			taken <- time.Now()
			<-ctx.Done()
			return nil
		})
	})
	stalled := time.Now()
	link.stall()
	defer link.pass()
	end := within(t, "the end of its work", ended)
	assert.Less(t, end.Sub(stalled), 3*time.Second, "a claim lasts for a TTL after it was renewed")
	assert.True(t, end.Before(within(t, "the other member", taken)), "one works at a time")
	for !strings.Contains(within(t, "a warning", warnings), `level=WARN msg="jetstream: claim lost"`) {
	}
}

// Members of one group that have different feeds read all of them.
func TestMembersWithDifferentFeedsReadAllOfThem(t *testing.T) {
	js := connect(t, shared.URL())
	logs := map[string]*jetstream.Log{}
	for _, name := range []string{"differ-a", "differ-b", "differ-c"} {
		logs[name] = openLog(t, js, natsjs.StreamConfig{Name: name}, jetstream.LogConfig{})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var members sync.WaitGroup
	begun := make(chan string, 100)
	member := func(name string, feeds ...string) {
		var all []jetstream.Feed
		for _, feed := range feeds {
			all = append(all, jetstream.Feed{Log: logs[feed], Source: func(string) rxsse.Observable[codec.Event] {
				return silent(func() { begun <- feed })
			}})
		}
		group := jetstream.Group{Name: "differ", Member: name, Bucket: "test-claims-1s", TTL: time.Second}
		members.Go(func() { assert.ErrorIs(t, jetstream.Ingest(ctx, js, group, all...), context.Canceled) })
	}
	member("m", "differ-a", "differ-c")
	member("n", "differ-b", "differ-c")
	read := map[string]bool{}
	for len(read) < 3 {
		read[within(t, "all feeds", begun)] = true
	}
	cancel()
	members.Wait()
}

// The bucket of the claims may be deleted: the members recreate it and continue.
func TestMembersSurviveTheLossOfTheirBucket(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun := make(chan struct{}, 100)
	warnings := make(lines, 1000)
	var members sync.WaitGroup
	members.Go(func() {
		group := jetstream.Group{Name: "bucket-lost", Bucket: "test-claims-lost", TTL: time.Second, Logger: slog.New(slog.NewTextHandler(warnings, nil))}
		assert.ErrorIs(t, jetstream.Ingest(ctx, js, group, jetstream.Feed{Log: log, Source: func(string) rxsse.Observable[codec.Event] {
			return silent(func() { begun <- struct{}{} })
		}}), context.Canceled)
	})
	within(t, "the feed", begun)
	require.NoError(t, js.DeleteKeyValue(t.Context(), "test-claims-lost"))
	for !strings.Contains(within(t, "a warning", warnings), `level=WARN msg="jetstream: cannot read the claims, trying again" group=bucket-lost bucket=test-claims-lost`) {
	}
	within(t, "the feed again", begun)
	_, err := js.KeyValue(t.Context(), "test-claims-lost")
	require.NoError(t, err)
	cancel()
	members.Wait()
}

// Ingest repeats a panic of a feed's source, and releases the feed.
func TestIngestRaisesAPanicOfASource(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	group := jetstream.Group{Name: "ingest-panics", Bucket: "test-claims-1s", TTL: time.Second}
	defer func() {
		var carried *rxsse.PanicError
		err, _ := recover().(error)
		require.ErrorAs(t, err, &carried)
		assert.Equal(t, "boom", carried.Value)
		bucket, err := js.KeyValue(t.Context(), "test-claims-1s")
		require.NoError(t, err)
		_, err = bucket.Get(t.Context(), "ingest-panics.work."+log.Name())
		assert.ErrorIs(t, err, natsjs.ErrKeyNotFound)
	}()
	_ = jetstream.Ingest(t.Context(), js, group, jetstream.Feed{Log: log, Source: func(string) rxsse.Observable[codec.Event] {
		panic("boom")
	}})
}

// A panic of OnPoison reaches the consumer.
func TestConsumeRaisesAPanicOfOnPoison(t *testing.T) {
	js := connect(t, shared.URL())
	log, consumer := partitioned(t, js, 1)
	require.NoError(t, log.Append(t.Context(), numbered(1, 3)))
	consumer.OnPoison = func(codec.Event, error) error { panic("boom") }
	assert.PanicsWithValue(t, "boom", func() {
		for range jetstream.Consume(js, consumer, func(codec.Event) (int, error) { return 0, errors.New("bad") })(t.Context()) {
			t.Error("delivered")
		}
	})
}

// OnClaim reports the beginning and the end of each claim, around the work.
func TestOnClaim(t *testing.T) {
	js := connect(t, shared.URL())
	_, consumer := partitioned(t, js, 1)
	var mu sync.Mutex
	var got []string
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, what)
	}
	consumer.Group.OnClaim = func(name string, held bool) {
		assert.Equal(t, consumer.Partitions[0], name)
		note(map[bool]string{true: "claimed", false: "released"}[held])
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := jetstream.Work(ctx, js, consumer, func(ctx context.Context, _ *jetstream.Partition) error {
		note("work")
		cancel()
		return context.Cause(ctx)
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []string{"claimed", "work", "released"}, got)
}
