package fanout

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A phase is what one subscriber received between two events of type pause.
type phase struct {
	events int
	delays []int64 // nanoseconds from before an event was published
}

// A subscriber reads the events of a server, as cheaply as possible, to leave the cores to
// the server.
type subscriber struct {
	conn  io.ReadWriteCloser
	ready chan struct{} // closed when it has been greeted
	seen  chan phase
	quiet bool // it does not record delays
}

// subscribe connects to a server. query is added to its address.
func subscribe(ctx context.Context, server, query string) (*subscriber, error) {
	at, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", at.Host)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(conn, "GET /events?stream=%s%s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", Stream, query, at.Host)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &subscriber{conn: conn, ready: make(chan struct{}), seen: make(chan phase, 2)}, nil
}

// read reads until the connection is closed.
func (s *subscriber) read() error {
	//nolint:bodyclose // the connection is closed with all there is on it
	resp, err := http.ReadResponse(bufio.NewReader(s.conn), nil)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server says %s", resp.Status)
	}
	greeted := false
	var now phase
	for d := codec.NewDecoder(resp.Body); ; {
		if !d.Scan() {
			if err := d.Err(); err != nil && !errors.Is(err, net.ErrClosed) {
				return err
			}
			return nil
		}
		switch v := d.View(); string(v.Type) {
		case "hello":
			if !greeted {
				greeted = true
				close(s.ready)
			}
		case "tick":
			now.events++
			if s.quiet {
				continue
			}
			stamp, _, _ := bytes.Cut(v.Data, []byte(" "))
			published, err := strconv.ParseInt(string(stamp), 10, 64)
			if err != nil {
				return err
			}
			now.delays = append(now.delays, time.Now().UnixNano()-published)
		case "pause":
			s.seen <- now
			now = phase{}
		}
	}
}
