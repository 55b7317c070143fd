package source_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// An event without its blank line is dropped and reported. It is delivered if the caller
// has asked for it and the response ended cleanly.
func TestUnterminatedEvent(t *testing.T) {
	const stream = "id: 1\ndata: a\n\nid: 2\ndata: stop\n"
	for name, c := range map[string]struct {
		stream    string
		drop      bool
		opts      []source.Option
		want      string // data and the last event ID of the request that follows
		reported  []string
		warnings  int
		forgotten int64
	}{
		"dropped":               {stream, false, nil, "a 1", []string{"2stop"}, 1, 1},
		"delivered":             {stream, false, []source.Option{source.WithUnterminatedEvent(true)}, "a stop 2", nil, 0, 0},
		"switched off":          {stream, false, []source.Option{source.WithUnterminatedEvent(true), source.WithUnterminatedEvent(false)}, "a 1", []string{"2stop"}, 1, 1},
		"without a line end":    {stream[:len(stream)-1], false, []source.Option{source.WithUnterminatedEvent(true)}, "a stop 2", nil, 0, 0},
		"cut off":               {stream, true, nil, "a 1", []string{"2stop"}, 0, 1},
		"cut off, asked for":    {stream, true, []source.Option{source.WithUnterminatedEvent(true)}, "a 1", []string{"2stop"}, 0, 1},
		"nothing left":          {"id: 1\ndata: a\n\n", false, nil, "a 1", nil, 0, 0},
		"a comment":             {"id: 1\ndata: a\n\n: bye", false, nil, "a 1", nil, 0, 0},
		"inherits its ID":       {"id: 1\ndata: a\n\ndata: b", false, []source.Option{source.WithUnterminatedEvent(true), source.WithDeduplication(5)}, "a b 1", nil, 0, 0},
		"the only one":          {"data: b", false, []source.Option{source.WithUnterminatedEvent(true), source.WithDeduplication(5)}, "b ", nil, 0, 0},
		"reported with its own": {"id: 1\ndata: a\n\ndata: b", false, []source.Option{source.WithDeduplication(5)}, "a 1", []string{"1b"}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				if conn.N > 1 {
					conn.Answer(http.StatusNoContent, "")
				}
				conn.Raw(c.stream)
				if c.drop {
					conn.Drop()
				}
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				var reported []string
				var meter source.Meter
				log, written := lines(slog.LevelWarn)
				trace := &source.Trace{Unterminated: func(_ source.Attempt, e codec.Event) { reported = append(reported, e.ID+e.Data) }}
				events, err := sink.Collect(t.Context(), client.Observe(server.URL(), append(c.opts,
					source.WithTrace(trace), source.WithMeter(&meter), source.WithLogger(log))...))
				require.NoError(t, err)
				assert.Equal(t, c.want, fmt.Sprint(data(events), " ", server.Requests()[1].LastEventID))
				assert.Equal(t, c.reported, reported)
				assert.Equal(t, c.forgotten, meter.Stats().Unterminated)
				warnings := 0
				for _, line := range written() {
					if assert.NotContains(t, line, "stop", "no payload") && line != "" && !c.drop {
						warnings++
						assert.Contains(t, line, "no blank line ends it")
					}
				}
				assert.Equal(t, c.warnings, warnings)
			})
		})
	}
}

// An event that was delivered although no blank line ended it is a duplicate when it is
// sent again, and so is one that was delivered before.
func TestUnterminatedEventIsDeduplicated(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Raw("id: 1\ndata: a\n\nid: 2\ndata: b")
		case 2:
			c.Raw("id: 2\ndata: b\n\nid: 3\ndata: c\n\n")
		case 3:
			c.Raw("id: 3\ndata: c")
		default:
			c.Answer(http.StatusNoContent, "")
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		events, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithUnterminatedEvent(true), source.WithDeduplication(5)))
		require.NoError(t, err)
		assert.Equal(t, "a b c", data(events))
		assert.Equal(t, "3", server.Requests()[3].LastEventID)
	})
}

// An event without its blank line is an event for the backoff, too: a server that sends one
// in each response works, so the waits between the requests do not grow.
func TestUnterminatedEventResetsTheBackoff(t *testing.T) {
	for deliver, want := range map[bool][]time.Duration{
		true:  {time.Second, time.Second, time.Second},
		false: {time.Second, 2 * time.Second, 4 * time.Second},
	} {
		var requests []time.Time
		within(t, func(c *ssetest.Conn) {
			requests = append(requests, time.Now())
			if c.N > 3 {
				c.Answer(http.StatusNoContent, "")
			}
			c.Raw("data: a\n")
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithUnterminatedEvent(deliver),
				source.WithBackoff(source.Backoff{First: time.Second, Growth: 2, Jitter: -1})))
			require.NoError(t, err)
			var waits []time.Duration
			for i, at := range requests[1:] {
				waits = append(waits, at.Sub(requests[i]))
			}
			assert.Equal(t, want, waits, "WithUnterminatedEvent(%t)", deliver)
		})
	}
}

// A session's position is that of the event it has delivered.
func TestUnterminatedEventOfASession(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Raw("id: 2\ndata: stop") }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		session, err := client.Open(t.Context(), server.URL(), source.WithUnterminatedEvent(true), source.WithReconnect(source.ReconnectNever))
		require.NoError(t, err)
		defer session.Close()
		events, err := rest(session)
		require.NoError(t, err)
		assert.Equal(t, "stop", events)
		assert.Equal(t, "2", session.LastEventID())
	})
}
