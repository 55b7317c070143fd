package jetstream_test

import (
	"context"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/jetstream"
)

// endless delivers events from number first on until it is cancelled, each when the
// previous one has been taken.
func endless(first int, begin func()) rxsse.Observable[codec.Event] {
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			for n := first; ctx.Err() == nil; n++ {
				if !yield(event(n), nil) {
					return
				}
				begin()
			}
			yield(codec.Event{}, context.Cause(ctx))
		}
	}
}

// When the stream is deleted while everything runs, each function returns an error that
// says so, except Ingest, which warns and continues, since other feeds may be well.
func TestADeletedStreamIsAnError(t *testing.T) {
	t.Parallel()
	js := connect(t, shared.URL())
	log, consumer := partitioned(t, js, 2)
	require.NoError(t, log.Append(t.Context(), numbered(1, 100)))
	consumer.Group.Bucket, consumer.Group.TTL = "test-claims-1s", time.Second

	var running, begun sync.WaitGroup
	run := func(want string, f func(begin func()) error) {
		begun.Add(1)
		running.Go(func() {
			err := f(sync.OnceFunc(begun.Done))
			assert.ErrorIs(t, err, natsjs.ErrStreamNotFound, want)
			assert.ErrorContains(t, err, want)
		})
	}
	run(`jetstream: append to stream "TestADeletedStreamIsAnError": `, func(begin func()) error {
		return log.Append(t.Context(), endless(101, begin))
	})
	run(`jetstream: follow stream "TestADeletedStreamIsAnError": `, func(begin func()) error {
		for _, err := range log.Follow("")(t.Context()) {
			if err != nil {
				return err
			}
			begin()
		}
		return nil
	})
	run(`jetstream: work on stream "TestADeletedStreamIsAnError": `, func(begin func()) error {
		for _, err := range jetstream.Consume(js, consumer, codec.Text)(t.Context()) {
			if err != nil {
				bucket, missing := js.KeyValue(t.Context(), consumer.Group.Bucket)
				assert.NoError(t, missing)
				keys, missing := bucket.ListKeysFiltered(t.Context(), consumer.Group.Name+".>")
				assert.NoError(t, missing)
				for key := range keys.Keys() {
					t.Errorf("%s is still claimed", key)
				}
				return err
			}
			begin()
		}
		return nil
	})
	begun.Wait()
	require.NoError(t, js.DeleteStream(t.Context(), log.Name()))
	running.Wait()
}

// Ingest warns of a deleted stream, and continues when it exists again.
func TestIngestSurvivesADeletedStream(t *testing.T) {
	t.Parallel()
	js := connect(t, shared.URL())
	stream := natsjs.StreamConfig{Name: streamName(t), Subjects: []string{streamName(t)}}
	log := openLog(t, js, stream, jetstream.LogConfig{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	warnings := make(lines, 1000)
	begun := make(chan string, 1000)
	var members sync.WaitGroup
	members.Go(func() {
		group := jetstream.Group{Name: "stream-deleted", Bucket: "test-claims-1s", TTL: time.Second, Logger: slog.New(slog.NewTextHandler(warnings, nil))}
		assert.ErrorIs(t, jetstream.Ingest(ctx, js, group, jetstream.Feed{Log: log, Source: func(lastEventID string) rxsse.Observable[codec.Event] {
			return func(ctx context.Context) iter.Seq2[codec.Event, error] {
				return func(yield func(codec.Event, error) bool) {
					begun <- lastEventID
					for n := 1; yield(event(n), nil); n++ {
						select {
						case <-time.After(10 * time.Millisecond):
						case <-ctx.Done():
							return
						}
					}
				}
			}
		}}), context.Canceled)
	})
	assert.Empty(t, within(t, "the feed", begun))
	stored(t, js, log.Name(), 1)
	require.NoError(t, js.DeleteStream(t.Context(), log.Name()))
	for line := ""; !strings.Contains(line, "stream not found"); {
		if line = within(t, "a warning", warnings); strings.Contains(line, "stream not found") {
			assert.Contains(t, line, "level=WARN")
			assert.Contains(t, line, log.Name())
		}
	}
	_, err := js.CreateStream(t.Context(), stream)
	require.NoError(t, err)
	assert.Empty(t, within(t, "the feed again", begun), "a new stream has no position")
	stored(t, js, log.Name(), 1)
	cancel()
	members.Wait()
}

// lines are the lines of a log.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	select {
	case l <- string(line):
	default:
	}
	return len(line), nil
}

// A stream that is recreated while a writer runs is a different one: the writer does not
// append to it.
func TestAppendNoticesANewStream(t *testing.T) {
	t.Parallel()
	js := connect(t, shared.URL())
	stream := natsjs.StreamConfig{Name: streamName(t), Subjects: []string{streamName(t)}}
	log := openLog(t, js, stream, jetstream.LogConfig{})
	more := make(chan struct{})
	failed := make(chan error, 1)
	go func() { // until Append ends
		failed <- log.Append(t.Context(), func(context.Context) iter.Seq2[codec.Event, error] {
			return func(yield func(codec.Event, error) bool) {
				if yield(event(1), nil) {
					<-more
					yield(event(2), nil)
				}
			}
		})
	}()
	stored(t, js, log.Name(), 1)
	require.NoError(t, js.DeleteStream(t.Context(), log.Name()))
	_, err := js.CreateStream(t.Context(), stream)
	require.NoError(t, err)
	close(more)
	err = within(t, "the error", failed)
	assert.EqualError(t, err, `jetstream: append to stream "TestAppendNoticesANewStream": the stream was recreated or restored from a backup: it ends at message 0, and message 1 has been appended`)
	end, err := log.End(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "0", end)
}

// A stream that is recreated numbers its events from one again. Follow would skip as many
// as it has delivered.
func TestFollowNoticesANewStream(t *testing.T) {
	t.Parallel()
	js := connect(t, shared.URL())
	for name, appended := range map[string]int{"shorter": 1, "longer": 4} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stream := natsjs.StreamConfig{Name: streamName(t), Subjects: []string{streamName(t)}}
			log := openLog(t, js, stream, jetstream.LogConfig{})
			require.NoError(t, log.Append(t.Context(), numbered(1, 3)))
			var got []string
			var end error
			for e, err := range log.Follow("")(t.Context()) {
				if end = err; err != nil {
					break
				}
				if got = append(got, e.Data); len(got) == 3 {
					require.NoError(t, js.DeleteStream(t.Context(), log.Name()))
					_, err := js.CreateStream(t.Context(), stream)
					require.NoError(t, err)
					require.NoError(t, log.Append(t.Context(), numbered(11, 10+appended)))
				}
			}
			assert.Len(t, got, 3)
			assert.ErrorContains(t, end, `: the stream was recreated or restored from a backup`)
		})
	}
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	assert.EqualError(t, endOf(t, log.Follow("7")), `jetstream: follow stream "TestFollowNoticesANewStream": the stream was recreated or restored from a backup: it ends at event 0, before event 7`)
}

// Without a cluster, everything fails within a bounded time.
func TestAnUnreachableClusterIsAnError(t *testing.T) {
	t.Parallel()
	nc, err := nats.Connect("nats://user:secret@127.0.0.1:1", nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	js, err := natsjs.New(nc)
	require.NoError(t, err)
	begin := time.Now()
	_, err = jetstream.OpenLog(t.Context(), js, "s", jetstream.LogConfig{})
	assert.EqualError(t, err, `jetstream: open stream "s": no NATS server can be reached; check the URL and the network: context deadline exceeded`)
	err = jetstream.Work(t.Context(), js, jetstream.Consumer{Stream: "s", Durable: "d", Partitions: []string{"s"}}, nil)
	assert.EqualError(t, err, `jetstream: open stream "s": no NATS server can be reached; check the URL and the network: context deadline exceeded`)
	assert.Less(t, time.Since(begin), 20*time.Second)
}

// A server without JetStream, or one that is too old, is named as such.
func TestAnUnfitServerIsAnError(t *testing.T) {
	plain, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true})
	require.NoError(t, err)
	plain.Start()
	t.Cleanup(func() {
		plain.Shutdown()
		plain.WaitForShutdown()
	})
	require.True(t, plain.ReadyForConnections(10*time.Second))
	js := connect(t, plain.ClientURL())
	_, err = jetstream.OpenLog(t.Context(), js, "s", jetstream.LogConfig{})
	assert.EqualError(t, err, `jetstream: open stream "s" on `+plain.ClientURL()+`: no server answers for JetStream; enable it, for example with nats-server -js: nats: no responders available for request`)

	old := startLink(t, strings.TrimPrefix(shared.URL(), "nats://"), replaceOnce(`"version":"`+server.VERSION+`"`, `"version":"2.10.7"`))
	_, consumer := partitioned(t, connect(t, shared.URL()), 1)
	err = jetstream.Work(t.Context(), connect(t, old.url), consumer, nil)
	assert.EqualError(t, err, `jetstream: the server has version 2.10.7, which cannot reset a consumer; upgrade it to 2.14 or later`)
}
