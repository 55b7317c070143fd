package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/jetstream"
	"github.com/rxsse/rxsse/jetstream/internal/cluster"
)

// benchmarkCluster starts three servers for a benchmark.
func benchmarkCluster(b *testing.B) natsjs.JetStream {
	b.Helper()
	c, err := cluster.Start(b.TempDir(), 3)
	if err != nil {
		b.Fatal(err)
	}
	nc, err := nats.Connect(c.URL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		nc.Close()
		_ = c.Stop()
	})
	js, err := natsjs.New(nc, natsjs.WithPublishAsyncMaxPending(2048))
	if err != nil {
		b.Fatal(err)
	}
	return js
}

// benchmarkStream makes a stream of partitions.
func benchmarkStream(b *testing.B, js natsjs.JetStream, name string, partitions int) *jetstream.Log {
	b.Helper()
	_, err := js.CreateStream(b.Context(), natsjs.StreamConfig{Name: name, Subjects: []string{name + ".*"}, Replicas: 3})
	if err != nil {
		b.Fatal(err)
	}
	log, err := jetstream.OpenLog(b.Context(), js, name, jetstream.LogConfig{
		Subject: jetstream.PartitionBy(name, partitions, func(e codec.Event) string { return e.ID }),
	})
	if err != nil {
		b.Fatal(err)
	}
	return log
}

var payload = strings.Repeat("x", 200)

// large delivers n events of 200 bytes. The ID of the first is first.
func large(first, n int) rxsse.Observable[codec.Event] {
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			for i := range n {
				if !yield(codec.Event{Type: "trade", ID: strconv.Itoa(first + i), Data: payload}, nil) {
					return
				}
			}
		}
	}
}

// The rounds of a comparison. The best of each side are compared, so a round that the
// machine disturbs is ignored.
const rounds = 6

// compare runs two ways to do the same thing in turn, each with a part of b.N events, and
// reports the time per event in the best part of each, and the speed of the second as a
// share of the first's.
func compare(b *testing.B, raw, ours func(b *testing.B, round, events int) time.Duration) {
	b.Helper()
	events := max(b.N/rounds/2, 1)
	bestRaw, bestOurs := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for round := range rounds {
		bestRaw = min(bestRaw, raw(b, round, events))
		bestOurs = min(bestOurs, ours(b, round, events))
	}
	perEvent := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(events) }
	b.ReportMetric(0, "ns/op") // it would be the mean of both
	b.ReportMetric(perEvent(bestRaw), "library-µs/event")
	b.ReportMetric(perEvent(bestOurs), "rxsse-µs/event")
	b.ReportMetric(100*float64(bestRaw)/float64(bestOurs), "%-of-library-speed")
}

// BenchmarkAppend compares Append with asynchronous publishing by the client library
// alone, with message IDs in both, on three servers with files.
func BenchmarkAppend(b *testing.B) {
	js := benchmarkCluster(b)
	runs := 0
	b.Run("Append", func(b *testing.B) {
		runs++
		raw := fmt.Sprintf("raw%d", runs)
		benchmarkStream(b, js, raw, 1)
		log := benchmarkStream(b, js, fmt.Sprintf("append%d", runs), 1)
		b.ResetTimer()
		compare(b, func(b *testing.B, round, events int) time.Duration {
			begin := time.Now()
			for i := range events {
				msg := &nats.Msg{Subject: raw + ".0", Data: []byte(payload), Header: nats.Header{}}
				if _, err := js.PublishMsgAsync(msg, natsjs.WithMsgID(strconv.Itoa(round*events+i+1)), natsjs.WithStallWait(time.Minute)); err != nil {
					b.Fatal(err)
				}
			}
			<-js.PublishAsyncComplete()
			return time.Since(begin)
		}, func(b *testing.B, round, events int) time.Duration {
			begin := time.Now()
			if err := log.Append(b.Context(), large(round*events+1, events)); err != nil {
				b.Fatal(err)
			}
			return time.Since(begin)
		})
	})
}

// BenchmarkConsume compares Consume with a pull consumer of the client library, with an
// acknowledgement for each message in both, on four partitions. Creating consumers and
// claiming partitions is not timed.
func BenchmarkConsume(b *testing.B) {
	js := benchmarkCluster(b)
	runs := 0
	b.Run("Consume", func(b *testing.B) {
		runs++
		name := fmt.Sprintf("consume%d", runs)
		events := max(b.N/rounds/2, 1) + 1 // the first starts the clock
		if err := benchmarkStream(b, js, name, 4).Append(b.Context(), large(1, events)); err != nil {
			b.Fatal(err)
		}
		b.ResetTimer()
		compare(b, func(b *testing.B, round, events int) time.Duration {
			consumer, err := js.CreateConsumer(b.Context(), name, natsjs.ConsumerConfig{Durable: fmt.Sprintf("raw%d", round), AckPolicy: natsjs.AckExplicitPolicy, MaxAckPending: 4 * 1024})
			if err != nil {
				b.Fatal(err)
			}
			messages, err := consumer.Messages(natsjs.PullMaxMessages(512))
			if err != nil {
				b.Fatal(err)
			}
			defer messages.Stop()
			var begin time.Time
			for i := range events + 1 {
				msg, err := messages.Next()
				for errors.Is(err, natsjs.ErrNoHeartbeat) { // the consumer had no leader yet
					msg, err = messages.Next()
				}
				if err != nil {
					b.Fatal(err)
				}
				if i == 0 {
					begin = time.Now()
				}
				if err := msg.Ack(); err != nil {
					b.Fatal(err)
				}
			}
			return time.Since(begin)
		}, func(b *testing.B, round, events int) time.Duration {
			consumer := jetstream.Consumer{Stream: name, Durable: fmt.Sprintf("ours%d", round), Partitions: jetstream.Partitions(name, 4), Group: jetstream.Group{Bucket: "claims"}}
			var begin, end time.Time
			n := 0
			for _, err := range jetstream.Consume(js, consumer, codec.Text)(b.Context()) {
				if err != nil {
					b.Fatal(err)
				}
				if n == 0 {
					begin = time.Now()
				}
				if n++; n == events+1 {
					end = time.Now()
					break
				}
			}
			return end.Sub(begin)
		})
	})
}

// BenchmarkAppendGrows shows how Append scales with partitions and logs. Each log has its
// own writer and connection. An operation is an event.
func BenchmarkAppendGrows(b *testing.B) {
	js := benchmarkCluster(b)
	for _, logs := range []int{1, 2, 4} {
		for _, partitions := range []int{1, 4, 16} {
			runs := 0
			b.Run(fmt.Sprintf("logs=%d/partitions=%d", logs, partitions), func(b *testing.B) {
				runs++
				var writing sync.WaitGroup
				begin := make(chan struct{})
				for l := range logs {
					log := benchmarkStream(b, connectTo(b, js.Conn().ConnectedUrl()), fmt.Sprintf("grows%d_%d_%d_%d", logs, partitions, runs, l), partitions)
					writing.Go(func() {
						<-begin
						if err := log.Append(b.Context(), large(1, max(b.N/logs, 1))); err != nil {
							b.Error(err)
						}
					})
				}
				b.ResetTimer()
				close(begin)
				writing.Wait()
			})
		}
	}
}

// BenchmarkConsumeGrows shows how Consume scales with partitions and workers. Each worker
// has its own connection. An operation is an event.
func BenchmarkConsumeGrows(b *testing.B) {
	js := benchmarkCluster(b)
	for _, partitions := range []int{1, 4, 16} {
		for _, workers := range []int{1, 2, 4} {
			if workers > partitions {
				continue
			}
			runs := 0
			b.Run(fmt.Sprintf("partitions=%d/workers=%d", partitions, workers), func(b *testing.B) {
				runs++
				name := fmt.Sprintf("grows%d_%d_%d", partitions, workers, runs)
				consumeAll(b, benchmarkStream(b, js, name, partitions), js.Conn().ConnectedUrl(), partitions, workers)
			})
		}
	}
}

// consumeAll consumes b.N events with a number of workers. The workers claim their
// partitions while the log is empty, and begin to consume when it is full. The events that
// they have received by then are not counted.
func consumeAll(b *testing.B, log *jetstream.Log, url string, partitions, workers int) {
	b.Helper()
	const maxPending = 1024
	before := partitions * maxPending
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	begin := make(chan struct{})
	var taken atomic.Int64
	var running sync.WaitGroup
	held := make([]atomic.Int64, workers)
	for w := range workers {
		consumer := jetstream.Consumer{
			Stream: log.Name(), Durable: "workers", Partitions: jetstream.Partitions(log.Name(), partitions), MaxPending: maxPending,
			Group: jetstream.Group{Name: log.Name(), Bucket: "grows", TTL: 3 * time.Second, OnClaim: func(_ string, now bool) {
				if now {
					held[w].Add(1)
				} else {
					held[w].Add(-1)
				}
			}},
		}
		js := connectTo(b, url)
		running.Go(func() {
			for _, err := range jetstream.Consume(js, consumer, codec.Text)(ctx) {
				if err != nil {
					return
				}
				<-begin
				switch taken.Add(1) {
				case int64(before):
					b.ResetTimer()
				case int64(before + b.N):
					b.StopTimer()
					cancel()
				}
			}
		})
	}
	fair := func() bool {
		for w := range held {
			if held[w].Load() != int64(partitions/workers) {
				return false
			}
		}
		return true
	}
	for !fair() {
		time.Sleep(10 * time.Millisecond)
	}
	if err := log.Append(ctx, large(1, before+b.N)); err != nil {
		b.Error(err)
		cancel()
	}
	close(begin)
	running.Wait()
}

// connectTo connects to the servers at url until the benchmark ends.
func connectTo(b *testing.B, url string) natsjs.JetStream {
	b.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	js, err := natsjs.New(nc)
	if err != nil {
		b.Fatal(err)
	}
	return js
}
