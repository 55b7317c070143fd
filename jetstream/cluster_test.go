package jetstream_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
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
	"github.com/rxsse/rxsse/source"
)

var (
	soakEvents = flag.Int("events", 20_000, "how many events the tests on a cluster ingest")
	soakSeed   = flag.Uint64("seed", 1, "the seed of the tests on a cluster")
)

// childEnv names what the test binary does instead of running tests.
const childEnv = "RXSSE_JETSTREAM_TEST_CHILD"

// children are the programs that the tests on a cluster kill. Their arguments are the
// address of the cluster and the names that they need.
var children = map[string]func(ctx context.Context, js natsjs.JetStream, args []string) error{
	"ingest": ingestAsChild,
	"work":   workAsChild,
}

// runAsChild runs a child until its standard input ends, which it does when the test
// that started it dies.
func runAsChild(run func(ctx context.Context, js natsjs.JetStream, args []string) error, args []string) error {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
		time.AfterFunc(5*time.Second, func() { os.Exit(1) })
	}()
	nc, err := nats.Connect(args[0], nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.RetryOnFailedConnect(true))
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := natsjs.New(nc)
	if err != nil {
		return err
	}
	return run(ctx, js, args[1:])
}

func childGroup(name string) jetstream.Group {
	return jetstream.Group{
		Name: name, Bucket: "claims", TTL: 3 * time.Second, Replicas: 3,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		OnClaim: func(name string, held bool) {
			fmt.Println("claim", name, held)
		},
	}
}

func ingestAsChild(ctx context.Context, js natsjs.JetStream, args []string) error {
	var log *jetstream.Log
	var err error
	for { // the cluster may have no leader at the moment
		if log, err = jetstream.OpenLog(ctx, js, args[0], jetstream.LogConfig{
			Subject:  jetstream.PartitionBy(args[0], 4, func(e codec.Event) string { return e.ID[len(e.ID)-1:] }),
			Replicas: 3,
		}); err == nil || ctx.Err() != nil {
			break
		}
		pause(ctx, 100*time.Millisecond)
	}
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		err = jetstream.Ingest(ctx, js, childGroup("ingest"), jetstream.Feed{
			Log: log,
			Source: func(lastEventID string) rxsse.Observable[codec.Event] {
				return source.SSE(args[1], source.WithLastEventID(lastEventID), source.WithReconnectionTime(20*time.Millisecond))
			},
		})
		pause(ctx, 100*time.Millisecond)
	}
	return err
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func workAsChild(ctx context.Context, js natsjs.JetStream, args []string) error {
	consumer := jetstream.Consumer{
		Stream: args[0], Durable: "workers", Partitions: jetstream.Partitions(args[0], 4),
		Group: childGroup("workers"), MaxPending: 100,
	}
	var out sync.Mutex
	for ctx.Err() == nil {
		err := jetstream.Work(ctx, js, consumer, func(ctx context.Context, p *jetstream.Partition) error {
			for e, err := range p.Events()(ctx) {
				if err != nil {
					return err
				}
				out.Lock()
				_, err = fmt.Println("done", e.Data)
				out.Unlock()
				if err != nil {
					return err
				}
				if err := p.Save(ctx, e.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "work:", err)
			pause(ctx, 100*time.Millisecond)
		}
	}
	return nil
}

// A child is a running program.
type child struct {
	cmd     *exec.Cmd
	out     *bufio.Scanner
	readers sync.WaitGroup // goroutines that read out until it ends
}

func startChild(t *testing.T, name string, args ...string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), childEnv+"="+name)
	cmd.Stderr = os.Stderr
	_, err := cmd.StdinPipe() // held open until this program ends
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return &child{cmd: cmd, out: bufio.NewScanner(out)}
}

// kill kills the program and reads its output.
func (c *child) kill() {
	_ = c.cmd.Process.Signal(syscall.SIGCONT)
	_ = c.cmd.Process.Kill()
	c.readers.Wait()
	_, _ = io.Copy(io.Discard, readerOf(c.out))
	_ = c.cmd.Wait()
}

func readerOf(s *bufio.Scanner) io.Reader { return &scanned{s} }

type scanned struct{ *bufio.Scanner }

func (s *scanned) Read([]byte) (int, error) {
	if s.Scan() {
		return 0, nil
	}
	return 0, io.EOF
}

// serveFeed serves events 1 to last and resumes after the Last-Event-ID. It ends a response
// after a random number of events, drops times in all, and answers 204 once all have been
// sent.
func serveFeed(t *testing.T, last, drops int, random *rand.Rand) string {
	t.Helper()
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, _ := strconv.Atoi(r.Header.Get("Last-Event-ID"))
		mu.Lock()
		until := last
		if drops > 0 {
			drops--
			until = min(last, after+1+random.IntN(max(last/8, 1)))
		}
		mu.Unlock()
		w.Header().Set("Content-Type", "text/event-stream")
		flush := http.NewResponseController(w).Flush
		for n := after + 1; n <= until; n++ {
			if _, err := fmt.Fprintf(w, "id: %d\nevent: trade\ndata: event %d\n\n", n, n); err != nil {
				return
			}
			if n%20 == 0 {
				if flush() != nil {
					return
				}
				pause(r.Context(), 10*time.Millisecond) // so that the feed lasts while things fail
			}
		}
		if until == last {
			_ = flush()
			<-r.Context().Done() // a silent feed
		}
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// startCluster starts three servers with a stream of four partitions.
func startCluster(t *testing.T, stream string) (*cluster.Cluster, natsjs.JetStream) {
	t.Helper()
	if testing.Short() {
		t.Skip("a cluster of three servers takes its time")
	}
	c, err := cluster.Start(t.TempDir(), 3)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Stop() })
	js := connect(t, c.URL())
	require.Eventually(t, func() bool {
		_, err := js.CreateOrUpdateStream(t.Context(), natsjs.StreamConfig{Name: stream, Subjects: []string{stream + ".*"}, Replicas: 3, Storage: natsjs.FileStorage})
		return err == nil
	}, 30*time.Second, 200*time.Millisecond)
	return c, js
}

// stored waits until the stream has n messages, for a minute and longer for many.
func stored(t *testing.T, js natsjs.JetStream, stream string, n int) {
	t.Helper()
	patience := time.Minute + time.Duration(n)*2*time.Millisecond
	require.Eventually(t, func() bool {
		s, err := js.Stream(t.Context(), stream)
		return err == nil && s.CachedInfo().State.LastSeq >= uint64(n)
	}, patience, 100*time.Millisecond, "%d events in the log", n)
}

// Whatever fails, each event of the feed is in the log once, in order.
func TestIngestSurvivesTheLossOfAnything(t *testing.T) {
	const stream = "feed"
	c, js := startCluster(t, stream)
	seed, last := *soakSeed, *soakEvents
	t.Logf("%d events, seed %d", last, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	url := serveFeed(t, last, 10, random)
	members := make([]*child, 2)
	claimed := make(chan int, 100) // the members that have claimed the feed, in turn
	start := func(i int) {
		m := startChild(t, "ingest", c.URL(), stream, url)
		members[i] = m
		m.readers.Go(func() { // until the member ends
			for m.out.Scan() {
				if m.out.Text() == "claim feed true" {
					claimed <- i
				}
			}
		})
	}
	start(0)
	start(1)
	leader := func() int {
		select {
		case i := <-claimed:
			return i
		case <-time.After(time.Minute):
			t.Fatal("nobody claims the feed")
			return 0
		}
	}
	// part is how much of the feed is stored before the next thing fails.
	part := 0
	next := func() {
		part++
		stored(t, js, stream, part*last/10)
	}
	for range 5 { // the leading program is killed
		l := leader()
		next()
		members[l].kill()
		start(l)
	}
	l := leader()
	next()
	require.NoError(t, members[l].cmd.Process.Signal(syscall.SIGSTOP)) // another one is suspended
	other := leader()
	require.NotEqual(t, l, other)
	next()
	require.NoError(t, members[l].cmd.Process.Signal(syscall.SIGCONT))
	broker := random.IntN(3)
	c.StopServer(broker)
	next()
	require.NoError(t, c.StartServer(broker))
	next()
	broker = (broker + 1) % 3
	c.Cut(broker)
	require.NoError(t, c.WaitForLoss(broker))
	c.Join(broker)
	stored(t, js, stream, last)
	for _, m := range members {
		m.kill()
	}

	log, err := jetstream.OpenLog(t.Context(), js, stream, jetstream.LogConfig{Subject: func(codec.Event) string { return "" }})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n := 0
	for e, err := range log.Follow("")(ctx) {
		require.NoError(t, err)
		n++
		require.Equal(t, event(n).Data, e.Data, "seed %d", seed)
		if n == last {
			break
		}
	}
	require.Eventually(t, func() bool { // the broker that was cut off may still answer for the others
		end, err := log.End(t.Context())
		return err == nil && end == strconv.Itoa(last)
	}, 30*time.Second, 100*time.Millisecond, "nothing twice")
}

// Workers are killed and partitions move: each key's effects are complete and in order, and
// only the events that a killed worker held are processed again.
func TestWorkersMayDie(t *testing.T) {
	const stream = "jobs"
	c, js := startCluster(t, stream)
	seed, last := *soakSeed, *soakEvents
	t.Logf("%d events, seed %d", last, seed)
	random := rand.New(rand.NewPCG(seed, 1))
	log, err := jetstream.OpenLog(t.Context(), js, stream, jetstream.LogConfig{
		Subject: jetstream.PartitionBy(stream, 4, func(e codec.Event) string { return e.ID[len(e.ID)-1:] }),
	})
	require.NoError(t, err)
	require.NoError(t, log.Append(t.Context(), numbered(1, last)))

	var done effects
	progress := make(chan int, last*2)
	start := func() *child {
		w := startChild(t, "work", c.URL(), stream)
		w.readers.Go(func() { // until the worker ends
			for w.out.Scan() {
				if data, ok := strings.CutPrefix(w.out.Text(), "done "); ok {
					progress <- done.add(data)
				}
			}
		})
		return w
	}
	workers := []*child{start(), start(), start()}
	reach := func(n int) {
		for {
			select {
			case all := <-progress:
				if all >= n {
					return
				}
			case <-time.After(time.Minute):
				t.Fatalf("seed %d: no progress", seed)
			}
		}
	}
	const kills = 4
	for kill := range kills {
		reach((kill + 1) * last / (kills + 2))
		i := random.IntN(len(workers))
		workers[i].kill()
		workers[i] = start()
	}
	require.Eventually(t, func() bool { return done.complete(last) }, 2*time.Minute, 100*time.Millisecond)
	for _, w := range workers {
		w.kill()
	}
	again := done.check(t, last)
	t.Logf("%d of %d events were done again", again, last)
	assert.LessOrEqual(t, again, kills*4*100, "at most MaxPending for each partition of a killed worker")
}
