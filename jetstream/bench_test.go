package jetstream_test

import (
	"context"
	"fmt"
	"iter"
	"os"
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
	folder, err := os.MkdirTemp("", "jetstream")
	if err != nil {
		b.Fatal(err)
	}
	c, err := cluster.Start(folder, 3)
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
		_ = os.RemoveAll(folder)
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

// large delivers n events of 200 bytes.
func large(n int) rxsse.Observable[codec.Event] {
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			for i := range n {
				if !yield(codec.Event{Type: "trade", ID: strconv.Itoa(i + 1), Data: payload}, nil) {
					return
				}
			}
		}
	}
}

// BenchmarkAppend compares Append with asynchronous publishing by the client library
// alone, with message IDs in both, on three servers with files. An operation is an
// event.
func BenchmarkAppend(b *testing.B) {
	js := benchmarkCluster(b)
	b.Run("client library", func(b *testing.B) {
		name := fmt.Sprintf("raw%d", b.N)
		benchmarkStream(b, js, name, 1)
		b.ResetTimer()
		for i := range b.N {
			msg := &nats.Msg{Subject: name + ".0", Data: []byte(payload), Header: nats.Header{}}
			if _, err := js.PublishMsgAsync(msg, natsjs.WithMsgID(strconv.Itoa(i+1)), natsjs.WithStallWait(time.Minute)); err != nil {
				b.Fatal(err)
			}
		}
		<-js.PublishAsyncComplete()
	})
	b.Run("Append", func(b *testing.B) {
		log := benchmarkStream(b, js, fmt.Sprintf("append%d", b.N), 1)
		b.ResetTimer()
		if err := log.Append(b.Context(), large(b.N)); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkConsume compares Consume with a pull consumer of the client library, with an
// acknowledgement for each message in both. An operation is an event.
func BenchmarkConsume(b *testing.B) {
	js := benchmarkCluster(b)
	streams := map[int]string{}
	filled := func(b *testing.B) string {
		b.Helper()
		if streams[b.N] == "" {
			streams[b.N] = fmt.Sprintf("consume%d", b.N)
			log := benchmarkStream(b, js, streams[b.N], 4)
			if err := log.Append(b.Context(), large(b.N)); err != nil {
				b.Fatal(err)
			}
		}
		return streams[b.N]
	}
	runs := 0
	b.Run("client library", func(b *testing.B) {
		name := filled(b)
		runs++
		consumer, err := js.CreateConsumer(b.Context(), name, natsjs.ConsumerConfig{Durable: fmt.Sprintf("raw%d", runs), AckPolicy: natsjs.AckExplicitPolicy, MaxAckPending: 4 * 1024})
		if err != nil {
			b.Fatal(err)
		}
		messages, err := consumer.Messages(natsjs.PullMaxMessages(512))
		if err != nil {
			b.Fatal(err)
		}
		defer messages.Stop()
		b.ResetTimer()
		for range b.N {
			msg, err := messages.Next()
			if err != nil {
				b.Fatal(err)
			}
			if err := msg.Ack(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Consume", func(b *testing.B) {
		name := filled(b)
		runs++
		consumer := jetstream.Consumer{Stream: name, Durable: fmt.Sprintf("ours%d", runs), Partitions: jetstream.Partitions(name, 4), Group: jetstream.Group{Bucket: "claims"}}
		n := 0
		for d, err := range jetstream.Consume(js, consumer, codec.Text)(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			_ = d
			if n++; n == 1 {
				b.ResetTimer() // the partitions are claimed
			}
			if n == b.N {
				break
			}
		}
	})
}

// BenchmarkConsumeGrows shows how Consume grows with partitions and workers. Each worker
// has a connection of its own. An operation is an event; claiming is included.
func BenchmarkConsumeGrows(b *testing.B) {
	js := benchmarkCluster(b)
	for _, partitions := range []int{1, 4, 16} {
		for _, workers := range []int{1, 2, 4} {
			if workers > partitions {
				continue
			}
			b.Run(fmt.Sprintf("partitions=%d/workers=%d", partitions, workers), func(b *testing.B) {
				name := fmt.Sprintf("grows%d_%d_%d", partitions, workers, b.N)
				if err := benchmarkStream(b, js, name, partitions).Append(b.Context(), large(b.N)); err != nil {
					b.Fatal(err)
				}
				consumeAll(b, js.Conn().ConnectedUrl(), name, partitions, workers)
			})
		}
	}
}

// consumeAll consumes b.N events with a number of workers.
func consumeAll(b *testing.B, url, name string, partitions, workers int) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	consumer := jetstream.Consumer{
		Stream: name, Durable: "workers", Partitions: jetstream.Partitions(name, partitions),
		Group: jetstream.Group{Name: name, Bucket: "grows", TTL: time.Second},
	}
	var taken atomic.Int64
	var running sync.WaitGroup
	b.ResetTimer()
	for range workers {
		nc, err := nats.Connect(url)
		if err != nil {
			b.Fatal(err)
		}
		defer nc.Close()
		js, err := natsjs.New(nc)
		if err != nil {
			b.Fatal(err)
		}
		running.Go(func() {
			for _, err := range jetstream.Consume(js, consumer, codec.Text)(ctx) {
				if err != nil {
					return
				}
				if taken.Add(1) >= int64(b.N) {
					cancel()
				}
			}
		})
	}
	running.Wait()
}
