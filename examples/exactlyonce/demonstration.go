package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// A demonstration kills the program again and again, and compares the final rows in the
// database with those of a run that was not killed.
type demonstration struct {
	dsn    string
	kills  int
	trades int
	seed   uint64
}

func (d demonstration) run(ctx context.Context, stdout io.Writer) (err error) {
	if d.dsn == "" {
		dir, err := os.MkdirTemp("", "exactlyonce")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		d.dsn = filepath.Join(dir, "candles.db")
	}
	_, err = fmt.Fprintf(stdout, "%d trades, %d kills, seed %d\n", d.trades, d.kills, d.seed)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(d.seed, 1))
	slow := newFeed(d.trades, d.seed)
	// The feed lasts as long as the kills take.
	slow.pace = max(time.Millisecond, time.Duration(d.kills)*50*time.Millisecond*packet/time.Duration(d.trades))
	hits := 0
	killed, err := d.rowsAfter(ctx, slow, func(url string) error {
		for n := range d.kills {
			hit, err := d.killOnce(ctx, url, time.Duration(random.IntN(40_000))*time.Microsecond)
			if err != nil {
				return fmt.Errorf("run %d: %w", n+1, err)
			}
			if hit {
				hits++
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(stdout, "killed %d times in the middle of its work\n", hits); err != nil {
		return err
	}
	calm, err := d.rowsAfter(ctx, newFeed(d.trades, d.seed), func(string) error { return nil })
	if err != nil {
		return err
	}
	return report(stdout, killed, calm)
}

// rowsAfter empties the database, serves f, calls crash, lets the program finish, and
// returns the rows of the database.
func (d demonstration) rowsAfter(ctx context.Context, f *feed, crash func(url string) error) (rows []string, err error) {
	store, err := openStore(ctx, d.dsn)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.close()) }()
	if err := store.reset(ctx); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: f, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() { // until server.Close
		defer close(done)
		_ = server.Serve(listener)
	}()
	defer func() {
		_ = server.Close()
		<-done
	}()
	url := "http://" + listener.Addr().String()
	if err := crash(url); err != nil {
		return nil, err
	}
	child, out, err := d.start(ctx, url)
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, out)
	err = child.Wait()
	switch {
	case ctx.Err() != nil: // which killed it
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, fmt.Errorf("the run that is not killed: %w", err)
	}
	return store.rows(ctx)
}

// killOnce starts the program and kills it some time after it has stored something, or
// after a second. It reports whether the program was still running then.
func (d demonstration) killOnce(ctx context.Context, url string, after time.Duration) (hit bool, err error) {
	child, out, err := d.start(ctx, url)
	if err != nil {
		return false, err
	}
	overdue := time.AfterFunc(time.Second, func() { _ = child.Process.Kill() })
	defer overdue.Stop()
	lines := bufio.NewReader(out)
	if _, err := lines.ReadString('\n'); err == nil {
		time.Sleep(after)
	}
	_ = child.Process.Kill()
	_, _ = io.Copy(io.Discard, lines)
	err = child.Wait()
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() { // by itself, and with an error
		return false, err
	}
	return err != nil, nil
}

// start starts this program as a child that stores the candles of the feed at url.
func (d demonstration) start(ctx context.Context, url string) (*exec.Cmd, io.Reader, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	child := exec.CommandContext(ctx, program, "-child", "-url", url, "-dsn", d.dsn)
	child.Stderr = os.Stderr
	if _, err := child.StdinPipe(); err != nil { // closed when this program ends
		return nil, nil, err
	}
	out, err := child.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	err = child.Start()
	return child, out, err
}

// report compares the rows of two runs.
func report(stdout io.Writer, killed, calm []string) error {
	lost := missing(calm, killed)
	extra := missing(killed, calm)
	_, err := fmt.Fprintf(stdout, "candles: %d  lost or wrong: %d  extra: %d\n", len(calm), len(lost), len(extra))
	if err == nil && len(lost)+len(extra) > 0 {
		err = fmt.Errorf("the table differs from that of a run without a crash, for example in %q", append(lost, extra...)[0])
	}
	return err
}

// missing returns the rows in a that are not in b. Both are sorted.
func missing(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(row string) bool {
		_, found := slices.BinarySearch(b, row)
		return found
	})
}
