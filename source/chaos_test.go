package source_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// A chaos is a server whose every step is random: it keeps its events and honours
// Last-Event-ID, but answers with errors, is silent, repeats events, sends them in pieces,
// and breaks off anywhere.
type chaos struct {
	*rand.Rand

	events []codec.Event
}

// newChaos returns a function that plays a server's connections, and the server's events.
// Each connection has its own random numbers: one may still exist, unnoticed, when the next
// begins.
func newChaos(seed uint64) (play func(*ssetest.Conn), events []codec.Event) {
	events = numbered(20 + rand.New(rand.NewPCG(seed, 0)).IntN(60))
	play = func(conn *ssetest.Conn) {
		c := &chaos{rand.New(rand.NewPCG(seed, uint64(conn.N))), events}
		c.play(conn)
	}
	return play, events
}

func (c *chaos) play(conn *ssetest.Conn) {
	next, _ := strconv.Atoi(conn.LastEventID())
	if next == len(c.events) {
		conn.Answer(http.StatusNoContent, "")
	}
	c.refuse(conn)
	conn.Chunk(c.IntN(40))
	if c.IntN(2) == 0 {
		conn.Open()
		conn.Raw(fmt.Sprintf("retry: %d\n\n", c.IntN(5000)))
	}
	for i := max(0, next-c.IntN(12)); i < len(c.events); i++ { // some repeat
		switch c.IntN(40) {
		case 0:
			conn.Comment(" ping")
		case 1:
			conn.Sleep(time.Duration(c.IntN(20)) * time.Second)
		case 2:
			conn.Hold() // until the client loses patience
		case 3:
			return
		case 4, 5, 6:
			wire := c.events[i].String()
			conn.Raw(wire[:c.IntN(len(wire)+1)])
			c.breakOff(conn)
		}
		conn.Send(c.events[i])
	}
}

// refuse may end the connection before it has begun.
func (c *chaos) refuse(conn *ssetest.Conn) {
	switch c.IntN(12) {
	case 0:
		conn.Answer(http.StatusServiceUnavailable, "busy")
	case 1:
		conn.Header().Set("Retry-After", strconv.Itoa(c.IntN(100)))
		conn.Answer(http.StatusTooManyRequests, "too many")
	case 2:
		panic(http.ErrAbortHandler)
	case 3:
		<-conn.Gone() // never answers
		panic(http.ErrAbortHandler)
	case 4:
		conn.Header().Set("Location", "/moved")
		conn.Answer(http.StatusTemporaryRedirect, "")
	case 5:
		conn.Sleep(time.Duration(c.IntN(10)) * time.Second)
	}
}

func (c *chaos) breakOff(conn *ssetest.Conn) {
	if c.IntN(2) == 0 {
		conn.Reset()
	}
	conn.Drop()
}

// Whatever the network and the server do, a consumer sees each event once and in order, and
// no goroutine leaks. To repeat a script that fails, use -run 'TestChaos/seed=…'.
func TestChaos(t *testing.T) {
	scripts := 2000
	switch {
	case testing.Short():
		scripts = 100
	case raceDetector: // ten times slower
		scripts = 500
	}
	for seed := range uint64(scripts) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			play, want := newChaos(seed)
			within(t, play, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				opts := []source.Option{
					source.WithDeduplication(100), source.WithIdleTimeout(15 * time.Second), source.WithConnectTimeout(12 * time.Second),
				}
				events, err := observeChaos(t, seed, client, server.URL(), opts)
				require.NoError(t, err)
				assert.Equal(t, want, events)
				assertLeft(t, server)
			})
		})
	}
}

// observeChaos consumes the stream: as an Observable, or in a session that reconnects now
// and then and is ranged over repeatedly.
func observeChaos(t *testing.T, seed uint64, client *source.Client, url string, opts []source.Option) (events []codec.Event, err error) {
	t.Helper()
	draw := rand.New(rand.NewPCG(seed, 1<<32))
	if seed%2 == 0 {
		for e, err := range client.Observe(url, opts...)(t.Context()) {
			if err != nil {
				return events, err
			}
			events = append(events, e)
			if draw.IntN(20) == 0 {
				time.Sleep(time.Minute) // a slow consumer
			}
		}
		return events, nil
	}
	session, err := client.Open(t.Context(), url, opts...)
	for err != nil {
		session, err = client.Open(t.Context(), url, opts...)
	}
	defer session.Close()
	for range 1000 {
		stop := time.AfterFunc(time.Duration(draw.IntN(60))*time.Second, session.Reconnect)
		left := false
		for e, err := range session.Events() {
			if err != nil {
				return events, err
			}
			events = append(events, e)
			if left = draw.IntN(5) == 0; left {
				break
			}
		}
		stop.Stop()
		if !left {
			return events, nil
		}
	}
	return events, errGone
}
