package jetstream_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/jetstream"
	"github.com/rxsse/rxsse/jetstream/internal/cluster"
)

// shared is the server of the tests that need only one.
var shared *cluster.Cluster

func TestMain(m *testing.M) {
	if child := children[os.Getenv(childEnv)]; child != nil {
		if err := runAsChild(child, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	before := goleak.IgnoreCurrent()
	folder, err := os.MkdirTemp("", "jetstream")
	if err == nil {
		shared, err = cluster.Start(folder, 1)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = shared.Stop() // its goroutines end with it
	_ = os.RemoveAll(folder)
	if code == 0 {
		// Two kinds of goroutines of the server end some time after it has shut down.
		const server = "github.com/nats-io/nats-server/v2/server"
		if err := goleak.Find(before,
			goleak.IgnoreAnyFunction(server+".(*fileStore).flushStreamStateLoop"),
			goleak.IgnoreAnyFunction(server+"/ats.Register.func1")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// connect connects to the servers at url until the test ends.
func connect(t *testing.T, url string) natsjs.JetStream {
	t.Helper()
	nc, err := nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	js, err := natsjs.New(nc)
	require.NoError(t, err)
	return js
}

// openLog makes a stream with the test's name and opens it as a log.
func openLog(t *testing.T, js natsjs.JetStream, stream natsjs.StreamConfig, config jetstream.LogConfig) *jetstream.Log {
	t.Helper()
	if stream.Name == "" {
		stream.Name = streamName(t)
	}
	if stream.Subjects == nil {
		stream.Subjects = []string{stream.Name + ".events"}
	}
	_, err := js.CreateStream(t.Context(), stream)
	require.NoError(t, err)
	log, err := jetstream.OpenLog(t.Context(), js, stream.Name, config)
	require.NoError(t, err)
	return log
}

func streamName(t *testing.T) string {
	t.Helper()
	name := []byte(t.Name())
	for i, c := range name {
		if c == '/' || c == '.' || c == '#' {
			name[i] = '_'
		}
	}
	return string(name)
}

// newStreamName returns a new name each time, for a test that must find its stream empty
// when it runs again.
func newStreamName(t *testing.T) string {
	t.Helper()
	return streamName(t) + "_" + strconv.FormatInt(streams.Add(1), 10)
}

var streams atomic.Int64

// numbered delivers events first to last with their numbers as IDs, and completes.
func numbered(first, last int) rxsse.Observable[codec.Event] {
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			for n := first; n <= last; n++ {
				if ctx.Err() != nil {
					yield(codec.Event{}, context.Cause(ctx))
					return
				}
				if !yield(event(n), nil) {
					return
				}
			}
		}
	}
}

func event(n int) codec.Event {
	return codec.Event{Type: "trade", ID: strconv.Itoa(n), Data: "event " + strconv.Itoa(n)}
}

// endOf returns the error with which src ends before it delivers anything.
func endOf[T any](t *testing.T, src rxsse.Observable[T]) (end error) {
	t.Helper()
	for v, err := range src(t.Context()) {
		require.Error(t, err, "it delivers %v", v)
		end = err
	}
	return end
}

// take returns the first n events of src.
func take[T any](t *testing.T, src rxsse.Observable[T], n int) (items []T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if n == 0 {
		return nil
	}
	for v, err := range src(ctx) {
		require.NoError(t, err, "after %d items", len(items))
		if items = append(items, v); len(items) == n {
			break
		}
	}
	return items
}
