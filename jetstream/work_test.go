package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
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
	"github.com/rxsse/rxsse/jetstream/internal/cluster"
)

// partitioned makes a log of n partitions, by the last digit of the event's ID, and a
// consumer of it.
func partitioned(t *testing.T, js natsjs.JetStream, n int) (*jetstream.Log, jetstream.Consumer) {
	t.Helper()
	name := streamName(t)
	log := openLog(t, js, natsjs.StreamConfig{Name: name, Subjects: []string{name + ".*"}}, jetstream.LogConfig{
		Subject: jetstream.PartitionBy(name, n, func(e codec.Event) string { return e.ID[len(e.ID)-1:] }),
	})
	return log, jetstream.Consumer{
		Stream: name, Durable: "workers", Partitions: jetstream.Partitions(name, n),
		Group: jetstream.Group{Name: name, Bucket: "test-claims", TTL: 5 * time.Second},
	}
}

// An effects records what workers have done, in order.
type effects struct {
	mu   sync.Mutex
	data map[string][]int // by the last digit of the number
	all  int
}

func (e *effects) add(data string) (total int) {
	n, err := strconv.Atoi(strings.TrimPrefix(data, "event "))
	if err != nil {
		panic(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.data == nil {
		e.data = map[string][]int{}
	}
	key := strconv.Itoa(n % 10)
	e.data[key] = append(e.data[key], n)
	e.all++
	return e.all
}

// complete reports whether all numbers up to last are there.
func (e *effects) complete(last int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for n := last - 9; n <= last; n++ {
		if numbers := e.data[strconv.Itoa(n%10)]; len(numbers) == 0 || !slices.Contains(numbers[max(0, len(numbers)-1000):], n) {
			return false
		}
	}
	return true
}

// check checks that each key has all its numbers up to last, in order, and returns how many
// were repeated.
func (e *effects) check(t *testing.T, last int) (again int) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	for key := range 10 {
		want := key
		if key == 0 {
			want = 10
		}
		for _, n := range e.data[strconv.Itoa(key)] {
			if n < want {
				again++
				continue
			}
			require.Equal(t, want, n, "key %d", key)
			want += 10
		}
		require.Greater(t, want, last, "key %d is complete", key)
	}
	return again
}

func TestConsumeDeliversEachPartitionInOrder(t *testing.T) {
	js := connect(t, shared.URL())
	log, consumer := partitioned(t, js, 4)
	const last = 2000
	require.NoError(t, log.Append(t.Context(), numbered(1, last)))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var done effects
	subjects := map[string]bool{}
	for d, err := range jetstream.Consume(js, consumer, codec.Text)(ctx) {
		require.NoError(t, err)
		assert.Equal(t, "trade", d.Type)
		assert.Equal(t, 1, d.Attempt)
		assert.Contains(t, consumer.Partitions, d.Subject)
		subjects[d.Subject] = true
		if done.add(d.Value) == last {
			break
		}
	}
	assert.Zero(t, done.check(t, last))
	assert.Len(t, subjects, 4, "ten keys take all partitions")
}

// The event at which the consumer leaves is delivered again, and the events before it are
// not.
func TestConsumeAcknowledgesWhatWasTaken(t *testing.T) {
	js := connect(t, shared.URL())
	log, consumer := partitioned(t, js, 1)
	require.NoError(t, log.Append(t.Context(), numbered(1, 10)))
	for attempt, want := range []string{"event 1", "event 3", "event 3", "event 3"} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		n := 0
		for d, err := range jetstream.Consume(js, consumer, codec.Text)(ctx) {
			require.NoError(t, err)
			if n++; n == 1 {
				assert.Equal(t, want, d.Value)
				assert.Equal(t, max(1, attempt), d.Attempt, d.Value)
			}
			if d.Value == "event 3" {
				break
			}
		}
		cancel()
	}
}

// Save acknowledges all events up to its position, even when no event is left.
func TestSaveAcknowledgesTheLastEvent(t *testing.T) {
	js := connect(t, shared.URL())
	log, consumer := partitioned(t, js, 1)
	require.NoError(t, log.Append(t.Context(), numbered(1, 3)))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	done := errors.New("done")
	ctx, stop := context.WithCancelCause(ctx)
	err := jetstream.Work(ctx, js, consumer, func(ctx context.Context, p *jetstream.Partition) error {
		for e, err := range p.Events()(ctx) {
			if err != nil {
				return err
			}
			if e.Data == "event 3" {
				stop(done)
				return p.Save(ctx, e.ID)
			}
		}
		return nil
	})
	require.ErrorIs(t, err, done)
	stream, err := js.Stream(t.Context(), consumer.Stream)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		for info := range stream.ListConsumers(t.Context()).Info() {
			assert.GreaterOrEqual(t, info.Config.AckWait, time.Minute, "a slow worker does not get its events again")
			return info.AckFloor.Stream == 3
		}
		return false
	}, 10*time.Second, 10*time.Millisecond)
}

func TestConsumeHandsOverPoison(t *testing.T) {
	for _, tries := range []int{1, 2} {
		t.Run(strconv.Itoa(tries), func(t *testing.T) { testPoison(t, tries) })
	}
}

func testPoison(t *testing.T, tries int) {
	t.Helper()
	js := connect(t, shared.URL())
	log, consumer := partitioned(t, js, 1)
	require.NoError(t, log.Append(t.Context(), numbered(1, 5)))
	var poison []string
	consumer.MaxTries = tries
	consumer.OnPoison = func(e codec.Event, err error) error {
		poison = append(poison, fmt.Sprint(e.Data, " ", err))
		return nil
	}
	numbers := func(e codec.Event) (string, error) {
		if e.Data == "event 4" {
			return "", errors.New("four")
		}
		return e.Data, nil
	}
	var got []string
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for len(got) == 0 || got[len(got)-1] != "event 5" {
		for d, err := range jetstream.Consume(js, consumer, numbers)(ctx) {
			require.NoError(t, err)
			got = append(got, d.Value)
			if d.Value == "event 2" || d.Value == "event 5" {
				break // at event 2 the worker fails
			}
		}
	}
	want := slices.Concat([]string{"event 1"}, slices.Repeat([]string{"event 2"}, tries+1), []string{"event 3", "event 5"})
	assert.Equal(t, want, got)
	assert.Equal(t, []string{"event 2 <nil>", "event 4 four"}, poison)
}

func TestConsumeFails(t *testing.T) {
	js := connect(t, shared.URL())
	log, consumer := partitioned(t, js, 1)
	require.NoError(t, log.Append(t.Context(), numbered(1, 5)))
	broken := errors.New("broken")
	assert.Same(t, broken, endOf(t, jetstream.Consume(js, consumer, func(codec.Event) (int, error) { return 0, broken })))
	consumer.Stream = "missing"
	assert.EqualError(t, endOf(t, jetstream.Consume(js, consumer, codec.Text)), `jetstream: stream "missing" does not exist; create it, for example with nats stream add`)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(broken)
	var end error
	for _, err := range jetstream.Consume(js, consumer, codec.Text)(ctx) {
		end = err
	}
	assert.Same(t, broken, end)
}

// An idle partition may move any number of times: nobody has tried the next event.
func TestAttemptsAreNotCountedWhileNothingWaits(t *testing.T) {
	js := connect(t, shared.URL())
	log, consumer := partitioned(t, js, 1)
	consumer.MaxTries = 1
	consumer.OnPoison = func(e codec.Event, _ error) error {
		t.Errorf("%s is poison", e.Data)
		return nil
	}
	require.NoError(t, log.Append(t.Context(), numbered(1, 1)))
	idle := func(taken int) { // a worker takes the events, finds no more, and leaves
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := jetstream.Work(ctx, js, consumer, func(ctx context.Context, p *jetstream.Partition) error {
			if taken == 0 {
				cancel()
				return nil
			}
			for e, err := range p.Events()(ctx) {
				if err != nil {
					return err
				}
				assert.NoError(t, p.Save(ctx, e.ID))
				assert.NoError(t, js.Conn().Flush())
				cancel()
			}
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
	}
	idle(1)
	for range 3 {
		idle(0)
	}
	require.NoError(t, log.Append(t.Context(), numbered(2, 2)))
	for d, err := range jetstream.Consume(js, consumer, codec.Text)(t.Context()) {
		require.NoError(t, err)
		assert.Equal(t, 1, d.Attempt)
		assert.Equal(t, "event 2", d.Value)
		break
	}
}

// The first worker of a partition counts, too: it may have died at the first event.
func TestAttemptsAreCountedFromTheFirstWorkerOn(t *testing.T) {
	js := connect(t, shared.URL())
	log, consumer := partitioned(t, js, 1)
	consumer.Group.Bucket, consumer.Group.TTL = "test-claims-1s", time.Second
	require.NoError(t, log.Append(t.Context(), numbered(1, 1)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var attempts []int
	err := jetstream.Work(ctx, js, consumer, func(ctx context.Context, p *jetstream.Partition) error {
		switch attempts = append(attempts, p.Attempt()); len(attempts) {
		case 1:
			return nil // before it has taken the event
		case 2:
			for range p.Events()(ctx) {
				return nil // before it has acknowledged the event
			}
		}
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []int{1, 2, 3}, attempts)
}

// After a network failure, unacknowledged events are not delivered twice, and can be
// acknowledged.
func TestEventsSurviveACutOfTheNetwork(t *testing.T) {
	proxy, err := cluster.StartProxy(strings.TrimPrefix(shared.URL(), "nats://"), nil)
	require.NoError(t, err)
	t.Cleanup(proxy.Stop)
	js := connect(t, shared.URL())
	log, consumer := partitioned(t, js, 1)
	require.NoError(t, log.Append(t.Context(), numbered(1, 3)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var data []string
	err = jetstream.Work(ctx, connect(t, "nats://"+proxy.Address()), consumer, func(ctx context.Context, p *jetstream.Partition) error {
		for e, err := range p.Events()(ctx) {
			if err != nil {
				return err
			}
			switch data = append(data, e.Data); e.Data {
			case "event 3":
				proxy.SetCut(true)
				assert.NoError(t, log.Append(ctx, numbered(4, 4)))
				proxy.SetCut(false)
			case "event 4":
				assert.NoError(t, p.Save(ctx, e.ID))
				cancel()
			}
		}
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []string{"event 1", "event 2", "event 3", "event 4"}, data)

	// The next worker finds only new events.
	require.NoError(t, log.Append(t.Context(), numbered(5, 5)))
	for d, err := range jetstream.Consume(js, consumer, codec.Text)(t.Context()) {
		require.NoError(t, err)
		assert.Equal(t, "event 5", d.Value)
		break
	}
}

// When OnPoison fails, the event stays, and so do those after it.
func TestAnErrorOfOnPoisonKeepsTheEvent(t *testing.T) {
	js := connect(t, shared.URL())
	log, consumer := partitioned(t, js, 1)
	consumer.Group.Bucket, consumer.Group.TTL = "test-claims-1s", time.Second
	require.NoError(t, log.Append(t.Context(), numbered(1, 5)))
	var calls []string
	consumer.OnPoison = func(e codec.Event, err error) error {
		calls = append(calls, e.Data)
		if len(calls) == 1 {
			return errors.New("the table is locked")
		}
		return nil
	}
	payload := func(e codec.Event) (string, error) {
		if e.Data == "event 3" {
			return "", errors.New("three")
		}
		return e.Data, nil
	}
	var got []string
	for d, err := range jetstream.Consume(js, consumer, payload)(t.Context()) {
		require.NoError(t, err)
		if got = append(got, d.Value); len(got) == 4 {
			break
		}
	}
	assert.Equal(t, []string{"event 1", "event 2", "event 4", "event 5"}, got)
	assert.Equal(t, []string{"event 3", "event 3"}, calls)
}

// A panic while everything ends is not lost.
func TestWorkRaisesAPanicWhileItEnds(t *testing.T) {
	js := connect(t, shared.URL())
	_, consumer := partitioned(t, js, 1)
	ctx, cancel := context.WithCancel(t.Context())
	assert.PanicsWithError(t, "boom", func() {
		defer func() {
			var carried *rxsse.PanicError
			if err, ok := recover().(error); ok && errors.As(err, &carried) {
				panic(fmt.Errorf("%v", carried.Value))
			}
		}()
		_ = jetstream.Work(ctx, js, consumer, func(ctx context.Context, _ *jetstream.Partition) error {
			cancel()
			<-ctx.Done()
			panic("boom")
		})
	})
}

func TestWorkSaysWhatToChange(t *testing.T) {
	js := connect(t, shared.URL())
	_, good := partitioned(t, js, 2)
	_, err := js.CreateKeyValue(t.Context(), natsjs.KeyValueConfig{Bucket: "minutes", TTL: time.Minute})
	require.NoError(t, err)
	for want, change := range map[string]func(*jetstream.Consumer){
		`jetstream: Consumer.Durable must consist of letters, digits, - and _, got "a.b"`:                                                                 func(c *jetstream.Consumer) { c.Durable = "a.b" },
		`jetstream: Consumer.Partitions is empty; use jetstream.Partitions, or list the subjects`:                                                         func(c *jetstream.Consumer) { c.Partitions = nil },
		`jetstream: Consumer.Partitions "a.1" and "a.*" overlap; an event belongs to one partition`:                                                       func(c *jetstream.Consumer) { c.Partitions = []string{"a.1", "a.*"} },
		`jetstream: Consumer.Partitions: "other.0" is not a subject of stream "TestWorkSaysWhatToChange" (TestWorkSaysWhatToChange.*)`:                    func(c *jetstream.Consumer) { c.Partitions = []string{"other.0"} },
		`jetstream: Consumer.Partitions: "TestWorkSaysWhatToChange.>" is not a subject of stream "TestWorkSaysWhatToChange" (TestWorkSaysWhatToChange.*)`: func(c *jetstream.Consumer) { c.Partitions = []string{c.Stream + ".>"} },
		`jetstream: stream "missing" does not exist; create it, for example with nats stream add`:                                                         func(c *jetstream.Consumer) { c.Stream = "missing" },
		`jetstream: Group.Name must consist of letters, digits, - and _, got "a b"`:                                                                       func(c *jetstream.Consumer) { c.Group.Name = "a b" },
		`jetstream: Group.Member must consist of letters, digits, - and _, got "a b"`:                                                                     func(c *jetstream.Consumer) { c.Group.Member = "a b" },
		`jetstream: Group.TTL must be at least 1s, got 1ms`:                                                                                               func(c *jetstream.Consumer) { c.Group.TTL = time.Millisecond },
		`jetstream: bucket "minutes" has a TTL of 1m0s, and Group.TTL is 5s; set Group.TTL to 1m0s, or Group.Bucket to another bucket`:                    func(c *jetstream.Consumer) { c.Group.Bucket = "minutes" },
	} {
		c := good
		change(&c)
		err := jetstream.Work(t.Context(), js, c, func(context.Context, *jetstream.Partition) error { panic("not reached") })
		assert.EqualError(t, err, want)
	}
	assert.PanicsWithValue(t, "jetstream: Partitions: n must be positive, got 0", func() { jetstream.Partitions("a", 0) })
}

// A panic of the consumer reaches its caller, and no goroutine leaks.
func TestConsumePanics(t *testing.T) {
	js := connect(t, shared.URL())
	log, consumer := partitioned(t, js, 2)
	require.NoError(t, log.Append(t.Context(), numbered(1, 50)))
	assert.PanicsWithValue(t, "boom", func() {
		for range jetstream.Consume(js, consumer, codec.Text)(t.Context()) {
			panic("boom")
		}
	})
	assert.Panics(t, func() {
		for range jetstream.Consume(js, consumer, func(codec.Event) (int, error) { panic("in payload") })(t.Context()) {
			t.Error("delivered")
		}
	})
}

// Workers come and go; each key's effects are complete and in order.
func TestPartitionsMoveBetweenWorkers(t *testing.T) {
	js := connect(t, shared.URL())
	log, consumer := partitioned(t, js, 4)
	consumer.Group.Bucket, consumer.Group.TTL = "test-claims-1s", time.Second
	const last = 3000
	var done effects
	progress := make(chan int, last)
	// work is a worker that reports how many partitions it holds.
	work := func(ctx context.Context, holds chan<- int) {
		var mu sync.Mutex
		n := 0
		consumer := consumer
		consumer.Group.OnClaim = func(_ string, held bool) {
			mu.Lock()
			defer mu.Unlock()
			if n--; held {
				n += 2
			}
			holds <- n
		}
		err := jetstream.Work(ctx, connect(t, shared.URL()), consumer, func(ctx context.Context, p *jetstream.Partition) error {
			for e, err := range p.Events()(ctx) {
				if err != nil {
					return err
				}
				progress <- done.add(e.Data)
				if err := p.Save(ctx, e.ID); err != nil {
					return err
				}
			}
			return nil
		})
		assert.ErrorIs(t, err, context.Canceled)
	}
	reach := func(what string, c <-chan int, want int) {
		for within(t, what, c) != want {
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var workers sync.WaitGroup
	first, second := make(chan int, 100), make(chan int, 100)
	workers.Go(func() { work(ctx, first) })
	reach("the first worker has all", first, 4)
	require.NoError(t, log.Append(ctx, numbered(1, last/3)))

	ctx2, leave := context.WithCancel(ctx)
	defer leave()
	workers.Go(func() { work(ctx2, second) })
	reach("the second worker has half", second, 2)
	require.NoError(t, log.Append(ctx, numbered(last/3+1, last/3*2)))
	reach("two thirds", progress, last/3*2)
	leave()
	reach("the first worker has all again", first, 4)
	require.NoError(t, log.Append(ctx, numbered(last/3*2+1, last)))
	reach("everything", progress, last)
	cancel()
	workers.Wait()
	assert.Zero(t, done.check(t, last), "a worker that leaves cleanly leaves nothing to do again")
}
