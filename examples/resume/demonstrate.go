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
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// measured is the number of readings on the demonstration's server, one per millisecond.
const measured = 2000

// demonstrate runs the program as a child against a server, kills it again and again,
// lets it end, and counts.
func demonstrate(ctx context.Context, stdout io.Writer, kills int) (err error) {
	dir, err := os.MkdirTemp("", "resume")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	url, stop, err := startServer(ctx)
	if err != nil {
		return err
	}
	defer stop()

	for n := range kills + 1 {
		child, err := startChild(ctx, url, dir)
		if err != nil {
			return err
		}
		if n < kills {
			time.AfterFunc(time.Duration(100+rand.IntN(200))*time.Millisecond, func() { _ = child.Process.Kill() })
		}
		failure := child.Wait()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		written, err := read(filepath.Join(dir, readingsFile))
		if err != nil {
			return err
		}
		how := "killed"
		if n == kills {
			how = "done"
			if failure != nil {
				return failure
			}
		}
		if _, err := fmt.Fprintf(stdout, "run %d: %s, with %d readings in the file\n", n+1, how, len(written)); err != nil {
			return err
		}
	}
	return count(stdout, filepath.Join(dir, readingsFile))
}

// startChild starts this program as a child that writes the readings at url to a file.
func startChild(ctx context.Context, url, dir string) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	child := exec.CommandContext(ctx, program, "-url", url, "-dir", dir)
	child.Stderr = os.Stderr
	err = child.Start()
	return child, err
}

// startServer serves readings that have IDs and stay in the history: the guarantee needs
// both.
func startServer(ctx context.Context) (url string, stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	readings := sink.NewBroadcaster(sink.WithHistory(measured, 1<<20))
	server := &http.Server{Handler: readings, ReadHeaderTimeout: 10 * time.Second}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { _ = server.Serve(listener) }() // until it is closed
	go func() {
		defer close(done)
		events := operators.Map(operators.Take(source.Interval(time.Millisecond), measured), func(n int) codec.Event {
			return codec.Event{ID: strconv.Itoa(n + 1), Data: fmt.Sprintf("%.2f", 20+rand.NormFloat64())}
		})
		if readings.Publish(ctx, events) == nil {
			_ = readings.Complete(ctx) // stops clients that have everything
		}
	}()
	// A client that names an ID of no event gets the whole history.
	return "http://" + listener.Addr().String() + "/?lastEventId=0", func() {
		cancel()
		_ = server.Close()
		<-done
	}, nil
}

// count prints how many readings the file contains.
func count(stdout io.Writer, path string) error {
	readings, err := read(path)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, r := range readings {
		seen[r.ID] = true
	}
	lost := 0
	for n := range measured {
		if !seen[strconv.Itoa(n+1)] {
			lost++
		}
	}
	_, err = fmt.Fprintf(stdout, "readings: %d  lost: %d  written twice: %d\n", len(seen), lost, len(readings)-len(seen))
	return err
}

// read returns the readings in a file. It ignores an incomplete one at the end.
func read(path string) (readings []Reading, err error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var r Reading
		if json.Unmarshal(lines.Bytes(), &r) == nil {
			readings = append(readings, r)
		}
	}
	return readings, nil
}
