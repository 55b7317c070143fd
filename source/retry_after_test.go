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

func TestRetryAfter(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		value  func(now time.Time) string
		want   time.Duration
	}{
		"seconds":            {http.StatusServiceUnavailable, func(time.Time) string { return "120" }, 2 * time.Minute},
		"date":               {http.StatusTooManyRequests, func(now time.Time) string { return now.Add(90 * time.Second).UTC().Format(http.TimeFormat) }, 90 * time.Second},
		"a date in the past": {http.StatusServiceUnavailable, func(now time.Time) string { return now.Add(-time.Hour).UTC().Format(http.TimeFormat) }, 3 * time.Second},
		"less than usual":    {http.StatusTooManyRequests, func(time.Time) string { return "1" }, 3 * time.Second},
		"a fraction":         {http.StatusTooManyRequests, func(time.Time) string { return "299.997" }, 5 * time.Minute},
		"no fraction":        {http.StatusTooManyRequests, func(time.Time) string { return "10.000" }, 10 * time.Second},
		"a whole with a dot": {http.StatusTooManyRequests, func(time.Time) string { return "10." }, 10 * time.Second},
		"negative":           {http.StatusTooManyRequests, func(time.Time) string { return "-20" }, 3 * time.Second},
		"an exponent":        {http.StatusTooManyRequests, func(time.Time) string { return "1e3" }, 3 * time.Second},
		"two dots":           {http.StatusTooManyRequests, func(time.Time) string { return "10.5.5" }, 3 * time.Second},
		"too long":           {http.StatusBadGateway, func(time.Time) string { return "4000000000" }, time.Hour},
		"overflow":           {http.StatusBadGateway, func(time.Time) string { return "99999999999999999999" }, time.Hour},
		"nonsense":           {http.StatusGatewayTimeout, func(time.Time) string { return "soon" }, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				if conn.N == 1 {
					conn.Header().Set("Retry-After", c.value(time.Now()))
					conn.Answer(c.status, "busy")
				}
				conn.Answer(http.StatusNoContent, "")
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL()))
				require.NoError(t, err)
				assert.Equal(t, []time.Duration{c.want}, waits(server.Requests()))
			})
		})
	}
}

// A Backoff.Wait function sees the wait that the server asks for: none, if the date has
// passed.
func TestRetryAfterOfAWaitFunction(t *testing.T) {
	for ago, want := range map[time.Duration]time.Duration{time.Hour: 0, -time.Hour: time.Hour} {
		within(t, func(conn *ssetest.Conn) {
			if conn.N == 1 {
				conn.Header().Set("Retry-After", time.Now().Add(-ago).UTC().Format(http.TimeFormat))
				conn.Answer(http.StatusServiceUnavailable, "busy")
			}
			conn.Answer(http.StatusNoContent, "")
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			var asked []time.Duration
			wait := func(state source.BackoffState) time.Duration {
				asked = append(asked, state.RetryAfter)
				return state.Wait
			}
			_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithBackoff(source.Backoff{Wait: wait})))
			require.NoError(t, err)
			assert.Equal(t, []time.Duration{want}, asked)
		})
	}
}
