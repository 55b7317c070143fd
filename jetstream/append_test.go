package jetstream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/jetstream"
	"github.com/rxsse/rxsse/jetstream/internal/cluster"
)

func TestAppendStoresEachEventOnceInOrder(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	require.NoError(t, log.Append(t.Context(), numbered(1, 5000)))
	position, err := log.Position(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "5000", position)

	require.NoError(t, log.Append(t.Context(), numbered(5001, 6000)), "a second run continues")
	got := take(t, log.Follow(""), 6000)
	for i, e := range got {
		want := event(i + 1)
		want.ID = strconv.Itoa(i + 1) // the sequence
		require.Equal(t, want, e)
	}
}

// Types, IDs and data are read back unchanged, whatever they contain.
func TestAppendKeepsEvents(t *testing.T) {
	js := connect(t, shared.URL())
	var types []string
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{Subject: func(e codec.Event) string {
		types = append(types, e.Type)
		return streamName(t) + ".events"
	}})
	events := []codec.Event{
		{Type: "message", ID: "a b\x01ä%20", Data: "line 1\nline 2"},
		{Type: "ä: b", ID: "", Data: ""},
		{ID: "3", Data: "a program that makes events may leave the type out"},
	}
	comments := []codec.Event{{Comment: "x"}, {Retry: time.Second}}
	require.NoError(t, log.Append(t.Context(), just(append(comments, events[0])...)))
	position, err := log.Position(t.Context())
	require.NoError(t, err)
	assert.Equal(t, events[0].ID, position)
	require.NoError(t, log.Append(t.Context(), just(events[1:]...)))
	events[2].Type = codec.DefaultType
	assert.Equal(t, []string{"message", "ä: b", "message"}, types, "for the subject")
	for i, e := range take(t, log.Follow(""), 3) {
		assert.Equal(t, strconv.Itoa(i+1), e.ID)
		e.ID = events[i].ID
		assert.Equal(t, events[i], e)
	}
}

func just[T any](items ...T) rxsse.Observable[T] {
	return func(context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			for _, v := range items {
				if !yield(v, nil) {
					return
				}
			}
		}
	}
}

// Events that the feed repeats are stored once, even if events share an ID.
func TestAppendDropsWhatTheFeedRepeats(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	e := func(id, data string) codec.Event { return codec.Event{Type: "message", ID: id, Data: data} }
	require.NoError(t, log.Append(t.Context(), just(e("1", "a"), e("2", "b"), e("2", "c"), e("2", "d"))))
	// After event 2 the server sends the two events that inherited its ID again.
	require.NoError(t, log.Append(t.Context(), just(e("2", "c"), e("2", "d"), e("2", "e"), e("3", "f"), e("1", "a"), e("4", "g"))))
	var data []string
	for _, e := range take(t, log.Follow(""), 7) {
		data = append(data, e.Data)
	}
	assert.Equal(t, []string{"a", "b", "c", "d", "e", "f", "g"}, data)
}

// Different events are all stored, even if the feed gives them one ID: only equal events
// are repetitions.
func TestAppendStoresDifferentEventsWithOneID(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	e := func(id, kind, data string) codec.Event { return codec.Event{Type: kind, ID: id, Data: data} }
	require.NoError(t, log.Append(t.Context(), just(
		e("1", "bid", "a"), e("2", "bid", "b"), e("1", "bid", "c"), e("1", "ask", "c"), e("1", "ask", "c"), // the last one inherits the ID
		e("", "bid", "d"), e("", "bid", "d"), // events without an ID are never repetitions
		e("2", "bid", "b"),                     // this is one
		e("3", "bid", "e"), e("3", "bid", "e"), // the server sends them one after the other, so they are two
	)))
	var got []string
	for _, e := range take(t, log.Follow(""), 9) {
		got = append(got, e.Type+" "+e.Data)
	}
	assert.Equal(t, []string{"bid a", "bid b", "bid c", "ask c", "ask c", "bid d", "bid d", "bid e", "bid e"}, got)
	end, err := log.End(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "9", end)
}

// The message IDs of a feed are the same in every version of the package: otherwise an
// update of the program would store what the feed repeats.
func TestMessageIDsStayTheSame(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	events := []codec.Event{event(1)}
	for range 12 {
		events = append(events, codec.Event{Type: "message", ID: "a b", Data: "x"})
	}
	require.NoError(t, log.Append(t.Context(), just(events...)))
	stream, err := js.Stream(t.Context(), log.Name())
	require.NoError(t, err)
	for sequence, want := range map[uint64]string{1: "1 vs75ps", 2: "a%20b 1s2zg72", 3: "a%20b 1s2zg72 1", 13: "a%20b 1s2zg72 11"} {
		msg, err := stream.GetMsg(t.Context(), sequence)
		require.NoError(t, err)
		assert.Equal(t, want, msg.Header.Get(natsjs.MsgIDHeader))
	}
}

// After the de-duplication window, the log stores a repetition again: it cannot distinguish
// it from a new event.
func TestAppendStoresARepetitionAfterTheWindow(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{Duplicates: 100 * time.Millisecond}, jetstream.LogConfig{})
	require.NoError(t, log.Append(t.Context(), numbered(1, 2)))
	n := 2
	require.Eventually(t, func() bool {
		require.NoError(t, log.Append(t.Context(), numbered(1, 1)))
		end, err := log.End(t.Context())
		require.NoError(t, err)
		n, err = strconv.Atoi(end)
		require.NoError(t, err)
		return n > 2
	}, 10*time.Second, 50*time.Millisecond)
	got := take(t, log.Follow(""), 3)
	assert.Equal(t, "event 1", got[2].Data)
}

// If the last event was deleted, the position is that of the last remaining event. The log
// continues after the deleted one.
func TestAppendGoesOnAfterTheLastMessageWasDeleted(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{AllowDirect: true}, jetstream.LogConfig{})
	require.NoError(t, log.Append(t.Context(), numbered(1, 3)))
	stream, err := js.Stream(t.Context(), log.Name())
	require.NoError(t, err)
	require.NoError(t, stream.DeleteMsg(t.Context(), 3))
	position, err := log.Position(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "2", position)
	require.NoError(t, log.Append(t.Context(), numbered(4, 4)))
	got := take(t, log.Follow(""), 3)
	assert.Equal(t, "event 4", got[2].Data)
	assert.Equal(t, "4", got[2].ID)

	require.NoError(t, stream.Purge(t.Context()))
	position, err = log.Position(t.Context())
	require.NoError(t, err)
	assert.Empty(t, position)
	require.NoError(t, log.Append(t.Context(), numbered(5, 5)))
	assert.Equal(t, "5", take(t, log.Follow(""), 1)[0].ID)
}

// A panic in LogConfig.Subject reaches the caller, and the source ends.
func TestAppendRaisesAPanicOfSubject(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{Subject: func(codec.Event) string { panic("boom") }})
	ended := false
	assert.PanicsWithValue(t, "boom", func() {
		_ = log.Append(t.Context(), func(ctx context.Context) iter.Seq2[codec.Event, error] {
			return func(yield func(codec.Event, error) bool) {
				for yield(event(1), nil) {
				}
				ended = true
			}
		})
	})
	assert.True(t, ended)
}

// A server that repeats everything does not slow Append down.
func TestAppendIsFastWhenTheFeedRepeatsEverything(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{MaxPending: 10})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, log.Append(ctx, numbered(1, 2000)))
	require.NoError(t, log.Append(ctx, numbered(1, 2010)), "with a wait for each window it would take minutes")
	end, err := log.End(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "2010", end)
}

// An unreadable acknowledgement says nothing about its event: Append finds out that it is
// stored. The events have no IDs, so the server would store a repetition.
func TestAppendSurvivesAcknowledgementsThatCannotBeRead(t *testing.T) {
	const last = 2000
	link := startLink(t, strings.TrimPrefix(shared.URL(), "nats://"), func(data []byte) []byte {
		return regexp.MustCompile(`"seq":(\d*50)}`).ReplaceAll(data, []byte(`"seq"!$1}`))
	})
	log := openLog(t, connect(t, link.url), natsjs.StreamConfig{Name: newStreamName(t)}, jetstream.LogConfig{})
	events := make([]codec.Event, last)
	for i := range events {
		events[i] = codec.Event{Type: "trade", Data: strconv.Itoa(i + 1)}
	}
	require.NoError(t, log.Append(t.Context(), just(events...)))
	end, err := log.End(t.Context())
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(last), end, "each event once")
	for i, e := range take(t, log.Follow(""), last) {
		require.Equal(t, events[i].Data, e.Data)
	}
}

// When no acknowledgement can be read, Append asks the log which of the pending messages
// are stored, and publishes none of them again.
func TestAppendSurvivesTheLossOfTheLastAcknowledgements(t *testing.T) {
	link := startLink(t, strings.TrimPrefix(shared.URL(), "nats://"), func(data []byte) []byte {
		return regexp.MustCompile(`"seq":(9\d|100)}`).ReplaceAll(data, []byte(`"seq"!$1}`))
	})
	log := openLog(t, connect(t, link.url), natsjs.StreamConfig{Name: newStreamName(t)}, jetstream.LogConfig{})
	events := make([]codec.Event, 100)
	for i := range events {
		events[i] = codec.Event{Type: "trade", Data: strconv.Itoa(i + 1)}
	}
	require.NoError(t, log.Append(t.Context(), just(events...)))
	end, err := log.End(t.Context())
	require.NoError(t, err)
	require.Equal(t, "100", end, "each event once")
}

// An event that the stream refuses is published again as long as the refusal cannot be
// read.
func TestAppendReadsWhyAnEventIsRefused(t *testing.T) {
	left := 2
	link := startLink(t, strings.TrimPrefix(shared.URL(), "nats://"), func(data []byte) []byte {
		if garbled := bytes.ReplaceAll(data, []byte(`"error":{`), []byte(`"error"!{`)); left > 0 && !bytes.Equal(garbled, data) {
			left--
			return garbled
		}
		return data
	})
	log := openLog(t, connect(t, link.url), natsjs.StreamConfig{MaxMsgSize: 1000}, jetstream.LogConfig{})
	large := codec.Event{Type: "message", ID: "2", Data: strings.Repeat("x", 1000)}
	begin := time.Now()
	err := log.Append(t.Context(), just(event(1), large))
	require.ErrorContains(t, err, `refuses event "2": `)
	assert.ErrorContains(t, err, "message size exceeds maximum allowed")
	assert.Less(t, time.Since(begin), 5*time.Second, "only a full stream is tried for that long")
	assert.Zero(t, left)
}

// With two writers at once, the log stays in order, and one of them gets an error.
func TestAppendRefusesAWriterThatHasBeenReplaced(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	hold, more := make(chan struct{}), make(chan struct{})
	old := func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			for n := 1; n <= 20; n++ {
				if n == 11 {
					close(hold)
					<-more
				}
				if !yield(event(n), nil) {
					return
				}
			}
		}
	}
	failed := make(chan error, 1)
	go func() { failed <- log.Append(t.Context(), old) }()
	<-hold
	take(t, log.Follow(""), 10) // they are stored
	require.NoError(t, log.Append(t.Context(), numbered(11, 30)))
	close(more)
	err := <-failed
	require.ErrorIs(t, err, jetstream.ErrSuperseded)
	assert.ErrorContains(t, err, "message 30")
	for i, e := range take(t, log.Follow(""), 30) {
		require.Equal(t, event(i+1).Data, e.Data)
	}
	end, err := log.End(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "30", end)
}

// Append ends as its source does, after it has stored the events before.
func TestAppendEndsAsItsSourceDoes(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	broken := errors.New("broken")
	fails := func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			if yield(event(1), nil) {
				yield(codec.Event{}, broken)
			}
		}
	}
	assert.Same(t, broken, log.Append(t.Context(), fails))
	position, err := log.Position(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "1", position)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(broken)
	assert.Same(t, broken, log.Append(ctx, numbered(2, 3)))

	assert.PanicsWithError(t, "boom", func() {
		defer func() {
			var carried *rxsse.PanicError
			if err, ok := recover().(error); ok && errors.As(err, &carried) {
				panic(fmt.Errorf("%v", carried.Value))
			}
		}()
		_ = log.Append(t.Context(), func(context.Context) iter.Seq2[codec.Event, error] {
			return func(func(codec.Event, error) bool) { panic("boom") }
		})
	})
}

func TestOpenLogSaysWhatToChange(t *testing.T) {
	js := connect(t, shared.URL())
	_, err := jetstream.OpenLog(t.Context(), js, "missing", jetstream.LogConfig{})
	assert.EqualError(t, err, `jetstream: stream "missing" does not exist; create it, for example with nats stream add`)
	for want, c := range map[string]struct {
		stream natsjs.StreamConfig
		log    jetstream.LogConfig
	}{
		"its retention is WorkQueue, which deletes messages that have been consumed; create a stream with limits: nats stream add --retention limits": {natsjs.StreamConfig{Name: "q", Subjects: []string{"q"}, Retention: natsjs.WorkQueuePolicy}, jetstream.LogConfig{}},
		"it has 1 replicas and LogConfig.Replicas wants 3; run nats stream edit r --replicas 3, or change LogConfig.Replicas":                         {natsjs.StreamConfig{Name: "r", Subjects: []string{"r"}}, jetstream.LogConfig{Replicas: 3}},
		`its subject "w.*" has a wildcard; set LogConfig.Subject`:                                                                                     {natsjs.StreamConfig{Name: "w", Subjects: []string{"w.*"}}, jetstream.LogConfig{}},
		"it is sealed, which cannot be undone; create another stream":                                                                                 {natsjs.StreamConfig{Name: "sealed", Subjects: []string{"sealed"}}, jetstream.LogConfig{}},
		"it is a mirror or has sources, so it holds messages of other streams; append to the original":                                                {natsjs.StreamConfig{Name: "copy", Mirror: &natsjs.StreamSource{Name: "r"}}, jetstream.LogConfig{}},
		"it does not acknowledge messages; set NoAck to false in its configuration":                                                                   {natsjs.StreamConfig{Name: "n", Subjects: []string{"n"}, NoAck: true}, jetstream.LogConfig{}},
	} {
		_, err := js.CreateOrUpdateStream(t.Context(), c.stream)
		require.NoError(t, err)
		if c.stream.Name == "sealed" { // not possible when it is created
			c.stream.Sealed = true
			_, err = js.UpdateStream(t.Context(), c.stream)
			require.NoError(t, err)
		}
		_, err = jetstream.OpenLog(t.Context(), js, c.stream.Name, c.log)
		assert.ErrorContains(t, err, want)
	}
}

func TestAppendNamesASubjectThatTheStreamDoesNotHave(t *testing.T) {
	js := connect(t, shared.URL())
	subject := "prices.0"
	log := openLog(t, js, natsjs.StreamConfig{Name: "s", Subjects: []string{"prices.*", "more.>"}}, jetstream.LogConfig{Subject: func(codec.Event) string { return subject }})
	require.NoError(t, log.Append(t.Context(), numbered(1, 1)))
	subject = "more.a.b"
	require.NoError(t, log.Append(t.Context(), numbered(2, 2)))
	for _, subject = range []string{"prices", "prices.0.1", "more", "prices.*", "", "prices. x", "other.0"} {
		assert.ErrorContains(t, log.Append(t.Context(), numbered(3, 3)), `is not a subject of stream "s" (prices.*, more.>)`, subject)
	}
}

// Once the connection is closed, nothing can succeed.
func TestAClosedConnectionIsAnError(t *testing.T) {
	js := connect(t, shared.URL())
	log, consumer := partitioned(t, js, 1)
	require.NoError(t, log.Append(t.Context(), numbered(1, 10)))
	closing := func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			for n := 11; yield(event(n), nil); n++ {
				if n == 50 {
					js.Conn().Close()
				}
			}
		}
	}
	require.ErrorIs(t, log.Append(t.Context(), closing), nats.ErrConnectionClosed)
	require.ErrorIs(t, endOf(t, log.Follow("")), nats.ErrConnectionClosed)

	js = connect(t, shared.URL())
	n := 0
	var end error
	consumer.Group.Bucket, consumer.Group.TTL = "test-claims-1s", time.Second
	for _, err := range jetstream.Consume(js, consumer, codec.Text)(t.Context()) {
		if n++; n == 1 {
			require.NoError(t, err)
			js.Conn().Close()
		} else if err != nil {
			end = err
		}
	}
	assert.EqualError(t, end, `jetstream: group "TestAClosedConnectionIsAnError": nats: connection closed`)
}

// An event that the stream will never store is an error that names it, and the events
// before it are stored.
func TestAppendNamesAnEventThatTheStreamRefuses(t *testing.T) {
	js := connect(t, shared.URL())
	e := func(id string, n int) codec.Event {
		return codec.Event{Type: "message", ID: id, Data: strings.Repeat("x", n)}
	}
	log := openLog(t, js, natsjs.StreamConfig{Name: "small", MaxMsgSize: 1000}, jetstream.LogConfig{})
	err := log.Append(t.Context(), just(e("1", 1), e("2", 1000), e("3", 1)))
	require.ErrorContains(t, err, `jetstream: stream "small" refuses event "2": `)
	assert.ErrorContains(t, err, "message size exceeds maximum allowed")
	position, err := log.Position(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "1", position)

	big := []codec.Event{e("1.1", 1), e("1.2", 1), e("2", 2<<20), e("3", 1)}
	err = log.Append(t.Context(), just(big...))
	assert.EqualError(t, err, `jetstream: event "2" with 2097152 bytes of data does not fit into a message of stream "small": nats: maximum payload exceeded of 1048576 bytes; raise max_payload of the servers`)
	position, err = log.Position(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "1.2", position, "the events before it are stored, and none after it")

	log = openLog(t, js, natsjs.StreamConfig{Name: "full", MaxMsgs: 2, Discard: natsjs.DiscardNew}, jetstream.LogConfig{})
	err = log.Append(t.Context(), numbered(1, 3))
	require.ErrorContains(t, err, `jetstream: stream "full" refuses event "3": `)
	assert.ErrorContains(t, err, "maximum messages exceeded")
}

// While no server can be reached, everything retries, and ends with its context.
func TestContextEndsEverythingWithoutAServer(t *testing.T) {
	c, err := cluster.Start(t.TempDir(), 1)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Stop() })
	js := connect(t, c.URL())
	log, consumer := partitioned(t, js, 2)
	require.NoError(t, log.Append(t.Context(), numbered(1, 10)))
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)

	var running, begun sync.WaitGroup
	run := func(name string, f func(begin func()) error) {
		begun.Add(1)
		running.Go(func() {
			assert.Same(t, stop, f(sync.OnceFunc(begun.Done)), name)
		})
	}
	run("Append", func(begin func()) error {
		return log.Append(ctx, func(ctx context.Context) iter.Seq2[codec.Event, error] {
			return func(yield func(codec.Event, error) bool) {
				for n := 11; yield(event(n), nil); n++ {
					begin()
				}
			}
		})
	})
	run("Follow", func(begin func()) error {
		for _, err := range log.Follow("")(ctx) {
			if err != nil {
				return err
			}
			begin()
		}
		return nil
	})
	run("Consume", func(begin func()) error {
		for _, err := range jetstream.Consume(js, consumer, codec.Text)(ctx) {
			if err != nil {
				return err
			}
			begin()
		}
		return nil
	})
	begun.Wait()
	c.StopServer(0)
	cancel(stop)
	begin := time.Now()
	running.Wait()
	assert.Less(t, time.Since(begin), 5*time.Second)
}
