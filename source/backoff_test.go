package source_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// What a server may ask for is bounded, what the caller asks for is not.
func TestTheCallersReconnectionTimeIsNotBounded(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		if c.N > 3 {
			c.Answer(http.StatusNoContent, "")
		}
		c.Drop()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		const day = 24 * time.Hour
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithReconnectionTime(day)))
		require.NoError(t, err)
		assert.Equal(t, []time.Duration{day, day, day}, waits(server.Requests()))
	})
}

// A quiet stream that proxies cut off every minute is healthy: it does not use up
// attempts, and there is no backing off from it.
func TestQuietConnectionsAreHealthy(t *testing.T) {
	for name, end := range map[string]func(*ssetest.Conn){"orderly": func(*ssetest.Conn) {}, "broken": (*ssetest.Conn).Drop} {
		t.Run(name, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) {
				if c.N > 20 {
					c.Answer(http.StatusNoContent, "")
				}
				c.Comment("")
				c.Sleep(time.Minute)
				end(c)
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithMaxAttempts(2)))
				require.NoError(t, err)
				for _, wait := range waits(server.Requests()) {
					assert.Equal(t, time.Minute+3*time.Second, wait)
				}
			})
		})
	}
}
