// Command relay shows users their own orders in a browser: with a login, the current state
// first, and every change after it. It runs in net/http, chi, gin and echo.
//
//	go run .
//
// runs a demonstration in each of them. To serve the page:
//
//	go run . -addr localhost:8080 -router gin
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout io.Writer, args []string) error {
	var (
		flags  = flag.NewFlagSet("relay", flag.ContinueOnError)
		addr   = flags.String("addr", "", "serve the page at this `address` (default: a demonstration that ends by itself)")
		router = flags.String("router", "stdlib", "the `router`: stdlib, chi, gin or echo")
		feed   = flags.String("url", "", "the `URL` of a stream of orders (default: an embedded one)")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}
	if *addr == "" {
		if *feed != "" {
			return errors.New("-url needs -addr, for example -addr localhost:8080")
		}
		for _, r := range routers {
			if err := demonstrate(ctx, stdout, r.name, r.new); err != nil {
				return reportInterrupt(ctx, stdout, err)
			}
		}
		return nil
	}
	orders := changes(500*time.Millisecond, 1<<30)
	if *feed != "" {
		orders = operators.DecodeJSON[Order](source.SSE(*feed, source.WithLogger(slog.Default())))
	}
	for _, r := range routers {
		if r.name == *router {
			return reportInterrupt(ctx, stdout, serve(ctx, stdout, *addr, r.new, orders))
		}
	}
	return fmt.Errorf("-router must be stdlib, chi, gin or echo, got %q", *router)
}

// reportInterrupt prints that Ctrl-C or SIGTERM has ended the program, if err is the cause
// of a cancelled ctx. That is not an error.
func reportInterrupt(ctx context.Context, stdout io.Writer, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		_, err = fmt.Fprintln(stdout, "interrupted")
	}
	return err
}

// passwords are those of the embedded users.
func passwords() map[string]string {
	return map[string]string{"alice": "wonderland", "bob": "builder"}
}

// changes is an embedded feed: n changes of six orders, one every d.
func changes(d time.Duration, n int) rxsse.Observable[Order] {
	states := []string{"placed", "paid", "packed", "sent", "delivered"}
	return operators.Map(operators.Take(source.Interval(d), n), func(i int) Order {
		version := i/6 + 1
		return Order{
			User:    []string{"alice", "bob"}[i%2],
			Number:  i%6 + 1,
			Version: version,
			State:   states[min(version, len(states))-1],
		}
	})
}

// A server serves a relay, and shuts it down in order.
type server struct {
	url  string
	http http.Server
	done sync.WaitGroup
}

func listen(ctx context.Context, addr string, r *relay, handler http.Handler) (*server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &server{url: "http://" + listener.Addr().String()}
	s.http.Handler = handler
	s.http.ReadHeaderTimeout = 10 * time.Second
	s.http.RegisterOnShutdown(r.board.BeginShutdown)
	s.done.Go(func() { _ = s.http.Serve(listener) }) // until close
	return s, nil
}

// close ends the streams and waits briefly for their browsers.
func (s *server) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
	s.done.Wait()
}

func serve(ctx context.Context, stdout io.Writer, addr string, router func(*relay) http.Handler, orders rxsse.Observable[Order]) error {
	r := newRelay(newLogins(passwords()))
	s, err := listen(ctx, addr, r, router(r))
	if err != nil {
		return err
	}
	defer s.close() //nolint:contextcheck // it also runs after Ctrl-C
	if _, err := fmt.Fprintf(stdout, "open %s (alice, wonderland; bob, builder; Ctrl-C ends)\n", s.url); err != nil {
		return err
	}
	return r.run(ctx, orders)
}

// demonstrate relays 60 changes to two users, whose connections break, and counts.
func demonstrate(ctx context.Context, stdout io.Writer, name string, router func(*relay) http.Handler) error {
	r := newRelay(newLogins(passwords()))
	s, err := listen(ctx, "127.0.0.1:0", r, router(r))
	if err != nil {
		return err
	}
	defer s.close() //nolint:contextcheck // it also runs after Ctrl-C
	var browsers sync.WaitGroup
	lines, failures := make([]string, 2), make([]error, 3)
	for i, user := range []string{"alice", "bob"} {
		browsers.Go(func() { lines[i], failures[i] = browse(ctx, s.url, user) })
	}
	failures[2] = r.run(ctx, changes(10*time.Millisecond, 60))
	browsers.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	for _, line := range lines {
		if _, err := fmt.Fprintf(stdout, "%-6s %s\n", name, line); err != nil {
			return err
		}
	}
	return nil
}

// browse acts as a browser: it logs in 200 ms after the start, reconnects once, and checks
// that it misses no change.
func browse(ctx context.Context, base, user string) (string, error) {
	select {
	case <-time.After(200 * time.Millisecond):
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	cookie, err := logIn(ctx, base, user, passwords()[user])
	if err != nil {
		return "", err
	}
	session, err := source.NewClient().Open(ctx, base+"/orders", source.WithHeader("Cookie", cookie))
	if err != nil {
		return "", err
	}
	defer session.Close()
	var c checker
	for e, err := range session.Events() { //nolint:contextcheck // the session has the context
		if err != nil {
			return "", err
		}
		if c.see(e); c.updates == 5 {
			session.Reconnect()
		}
	}
	return fmt.Sprintf("%-5s  orders in the first state: %d  changes after it: %2d  missing or twice: %d  of others: %d",
		user, c.first, c.updates, c.gaps, c.strangers(user)), nil
}

// A checker folds a stream of orders and counts gaps in their versions.
type checker struct {
	orders               map[int]Order
	first, updates, gaps int
}

func (c *checker) see(e codec.Event) {
	if c.orders == nil {
		c.orders = map[int]Order{}
	}
	o := decode(e)
	last, known := c.orders[o.Number]
	if e.ID == "" {
		c.first++
	} else {
		c.updates++
	}
	if known && o.Version != last.Version+1 || !known && e.ID != "" && o.Version != 1 {
		c.gaps++
	}
	c.orders[o.Number] = o
}

func (c *checker) strangers(user string) (n int) {
	for _, o := range c.orders {
		if o.User != user {
			n++
		}
	}
	return n
}

// logIn returns the cookie of a new login.
func logIn(ctx context.Context, base, user, password string) (string, error) {
	form := url.Values{"user": {user}, "password": {password}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent || len(resp.Cookies()) != 1 {
		return "", fmt.Errorf("the login is refused: %s", resp.Status)
	}
	return cookieName + "=" + resp.Cookies()[0].Value, nil
}
