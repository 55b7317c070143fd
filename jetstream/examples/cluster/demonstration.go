package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/jetstream"
	"github.com/rxsse/rxsse/jetstream/internal/cluster"
)

const (
	stream     = "rxsse-example-trades"
	partitions = 4
	claimTTL   = 2 * time.Second
)

// A demonstration is everything that runs.
type demonstration struct {
	options options
	folder  string
	servers *cluster.Cluster // nil with -nats
	url     string
	feed    *feed
	feedURL string
	web     []*http.Server
	board   *board
	members map[string]*member
	out     io.Writer
	mu      sync.Mutex // guards out
	wait    sync.WaitGroup
}

// start starts the servers, the feed and the page.
func start(ctx context.Context, o options, out io.Writer) (_ *demonstration, err error) {
	d := &demonstration{options: o, url: o.nats, out: out, members: map[string]*member{}, board: newBoard(o.trades)}
	defer func() {
		if err != nil {
			d.stop()
		}
	}()
	replicas := 1
	if o.nats == "" {
		d.print("starting three NATS servers")
		if d.folder, err = os.MkdirTemp("", "cluster"); err != nil {
			return nil, err
		}
		if d.servers, err = cluster.Start(d.folder, 3); err != nil {
			return nil, err
		}
		d.url, replicas = d.servers.URL(), 3
	}
	if err := d.createStream(ctx, replicas); err != nil {
		return nil, err
	}
	d.feed = &feed{trades: o.trades, begin: time.Now()}
	if d.feedURL, err = d.serve(ctx, "127.0.0.1:0", d.feed); err != nil {
		return nil, err
	}
	return d, nil
}

// createStream deletes and recreates the stream.
func (d *demonstration) createStream(ctx context.Context, replicas int) error {
	js, leave, err := d.connect()
	if err != nil {
		return err
	}
	defer leave()
	for tries := 0; ; tries++ { // a cluster that has just started may not be ready
		if err = js.DeleteStream(ctx, stream); err == nil || errors.Is(err, natsjs.ErrStreamNotFound) {
			_, err = js.CreateStream(ctx, natsjs.StreamConfig{Name: stream, Subjects: []string{stream + ".*"}, Replicas: replicas})
		}
		if err == nil || tries == 20 || ctx.Err() != nil {
			return err
		}
		select {
		case <-time.After(250 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// connect opens a separate connection to the servers.
func (d *demonstration) connect() (natsjs.JetStream, func(), error) {
	nc, err := nats.Connect(d.url, nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		return nil, nil, connectError(d.url, err)
	}
	js, err := natsjs.New(nc)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return js, nc.Close, nil
}

// connectError describes a failure to connect to servers, without their credentials.
func connectError(servers string, err error) error {
	var invalid *url.Error
	if errors.As(err, &invalid) { // its text contains the URL
		return fmt.Errorf("-nats must be a URL such as nats://127.0.0.1:4222: %w", invalid.Err)
	}
	addresses := strings.Split(servers, ",")
	for i, address := range addresses {
		if at := strings.LastIndexByte(address, '@'); at >= 0 {
			addresses[i] = "nats://" + address[at+1:]
		}
	}
	return fmt.Errorf("connect to NATS at %s: %w; check the URL and the network, start a server with nats-server -js, or leave -nats out",
		strings.Join(addresses, ","), err)
}

// serve serves handler until stop, and returns its URL.
func (d *demonstration) serve(ctx context.Context, addr string, handler http.Handler) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	d.web = append(d.web, server)
	d.wait.Go(func() { _ = server.Serve(listener) }) // until it is closed
	return "http://" + listener.Addr().String(), nil
}

func (d *demonstration) print(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _ = fmt.Fprintf(d.out, format+"\n", args...)
}

// openLog opens the log for a member.
func openLog(ctx context.Context, js natsjs.JetStream) (*jetstream.Log, error) {
	return jetstream.OpenLog(ctx, js, stream, jetstream.LogConfig{
		Subject: jetstream.PartitionBy(stream, partitions, func(e codec.Event) string { return symbol(e.Data) }),
	})
}

// run starts the members, kills them on a timetable, and reports.
func (d *demonstration) run(ctx context.Context) error {
	for _, name := range []string{"node-1", "node-2"} {
		if err := d.startMember(ctx, name, d.runNode); err != nil {
			return err
		}
	}
	page, err := d.serve(ctx, d.options.addr, d.page())
	if err != nil {
		return err
	}
	d.print("page: %s (until the demonstration ends, in about %s)", page, (time.Duration(d.options.trades) * interval).Round(time.Second))
	for _, name := range []string{"ingest-1", "ingest-2"} {
		if err := d.startMember(ctx, name, d.runIngest); err != nil {
			return err
		}
	}
	for _, name := range []string{"worker-1", "worker-2", "worker-3"} {
		if err := d.startMember(ctx, name, d.runWorker); err != nil {
			return err
		}
	}
	if err := d.followTimetable(ctx); err != nil {
		return err
	}
	if err := d.board.waitForAll(ctx); err != nil {
		return err
	}
	return d.report(ctx)
}

// A step is an entry of the timetable.
type step struct {
	what string
	do   func() error
}

// timetable returns what fails, in order. Only servers of this process are stopped.
func (d *demonstration) timetable(ctx context.Context) []step {
	killReader := func() error { return d.replace(ctx, d.board.holder("ingest"), d.runIngest) }
	killWorker := func() error { return d.replace(ctx, d.board.holder("worker"), d.runWorker) }
	steps := []step{
		{"the member that reads the feed is killed", killReader},
		{"a worker is killed", killWorker},
	}
	if d.servers != nil {
		steps = append(steps,
			step{"a NATS server is stopped", func() error { d.servers.StopServer(1); return nil }},
			step{"the NATS server is started again", func() error { return d.servers.StartServer(1) }},
			step{"the network between a NATS server and the others is cut", func() error { d.servers.Cut(2); return nil }},
			step{"the network is back", func() error { d.servers.Join(2); return nil }},
		)
	}
	return append(steps, step{"the member that reads the feed is killed again", killReader})
}

// followTimetable runs the steps at equal intervals over the length of the feed.
func (d *demonstration) followTimetable(ctx context.Context) error {
	steps := d.timetable(ctx)
	pause := time.Duration(d.options.trades) * interval / time.Duration(len(steps)+2)
	for _, step := range steps {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		d.print("!! %s", step.what)
		d.board.happened(step.what)
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// report compares the log with the feed, and the counts of the workers with the log.
func (d *demonstration) report(ctx context.Context) error {
	js, leave, err := d.connect()
	if err != nil {
		return err
	}
	defer leave()
	log, err := openLog(ctx, js)
	if err != nil {
		return err
	}
	wrong, n := 0, 0
	end, err := log.End(ctx)
	if err != nil {
		return err
	}
	for e, err := range log.Follow("")(ctx) {
		if err != nil {
			return err
		}
		if n++; number(e.Data) != n {
			wrong++
		}
		if e.ID == end {
			break
		}
	}
	lost := max(0, d.options.trades-n)
	counted, again := d.board.counts()
	d.print("feed: %d trades, connection dropped %d times", d.options.trades, d.feed.drops.Load())
	d.print("log: %d events, %d lost, %d out of place", n, lost, wrong)
	d.print("workers: %d trades counted, %d of them again after a kill", counted, again)
	if lost+wrong > 0 || counted != d.options.trades {
		return errors.New("the log or the counts differ from the feed")
	}
	return nil
}

// stop stops everything.
func (d *demonstration) stop() {
	for _, m := range d.members {
		m.end()
	}
	for _, server := range d.web {
		_ = server.Close()
	}
	d.wait.Wait()
	if d.servers != nil {
		_ = d.servers.Stop()
	}
	if d.folder != "" {
		_ = os.RemoveAll(d.folder)
	}
}
