package source_test

import (
	"math"
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

// A mistake in an option is the programmer's, so it panics at once.
func TestOptionsRefuseNonsense(t *testing.T) {
	for want, option := range map[string]func() source.Option{
		"source: WithReconnectionTime: d must not be negative, got -1s":                                   func() source.Option { return source.WithReconnectionTime(-time.Second) },
		"source: WithMaxAttempts: 0 is less than 1; WithReconnect(ReconnectNever) sends the request once": func() source.Option { return source.WithMaxAttempts(0) },
		"source: WithReconnect: unknown value 0":                                                          func() source.Option { return source.WithReconnect(0) },
		"source: WithMaxErrorBody: bytes must not be negative, got -1":                                    func() source.Option { return source.WithMaxErrorBody(-1) },
		"source: WithBackoff: each duration must not be negative, got -1ns":                               func() source.Option { return source.WithBackoff(source.Backoff{Min: -1}) },
		"source: WithBackoff: Growth must be 0 or at least 1 and Jitter a number, got 0.5 and 0":          func() source.Option { return source.WithBackoff(source.Backoff{Growth: 0.5}) },
		"source: WithBackoff: Growth must be 0 or at least 1 and Jitter a number, got NaN and 0":          func() source.Option { return source.WithBackoff(source.Backoff{Growth: math.NaN()}) },
		"source: WithHealthyAfter: d must not be negative, got -1s":                                       func() source.Option { return source.WithHealthyAfter(-time.Second) },
		"source: WithIdleTimeout: d must not be negative, got -1s":                                        func() source.Option { return source.WithIdleTimeout(-time.Second) },
		"source: WithConnectTimeout: d must not be negative, got -1s":                                     func() source.Option { return source.WithConnectTimeout(-time.Second) },
		"source: WithErrorTail: events must not be negative, got -2":                                      func() source.Option { return source.WithErrorTail(1, -2) },
		"source: WithDeduplication: window must be positive, got 0":                                       func() source.Option { return source.WithDeduplication(0) },
	} {
		t.Run(want, func(t *testing.T) {
			assert.PanicsWithValue(t, want, func() { option() })
		})
	}
}

// A message of another type is not delivered, but the stream resumes after it.
func TestEventTypes(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Raw("event: trade\nid: 1\ndata: a\n\nevent: quote\nid: 2\ndata: b\n\n")
		case 2:
			assert.Equal(t, "2", c.Request.Header.Get("Last-Event-ID"))
			c.Raw("id: 3\ndata: c\n\n: ping\n\n")
		default:
			c.Answer(http.StatusNoContent, "")
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		events, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithEventTypes("trade", "message")))
		require.NoError(t, err)
		assert.Equal(t, []codec.Event{{Type: "trade", ID: "1", Data: "a"}, {Type: "message", ID: "3", Data: "c"}}, events)
	})
}
