package source_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// bucket returns the counts of a histogram that has n durations of at most bound.
func bucket(t *testing.T, h source.Histogram, bound time.Duration, n int64) []int64 {
	t.Helper()
	counts := make([]int64, len(h.Bounds)+1)
	i, found := slices.BinarySearch(h.Bounds, bound)
	require.True(t, found, "no bound of %v", bound)
	counts[i] = n
	return counts
}

// The bounds are visible to users: dashboards and alerts name them.
func TestBoundsOfHistograms(t *testing.T) {
	var meter source.Meter
	seconds := func(bounds []time.Duration) (s []float64) {
		for _, b := range bounds {
			s = append(s, b.Seconds())
		}
		return s
	}
	assert.Equal(t, []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, seconds(meter.Stats().ConnectTimes.Bounds))
	assert.Equal(t, []float64{1, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400}, seconds(meter.Stats().ConnectionTimes.Bounds))
}

// Connect times are counted for accepted attempts, connection times for all connections,
// even while others run. A bound belongs to its bucket.
func TestHistogram(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Sleep(time.Second) // exactly a bound
			c.Raw(": begin\n\n")
			c.Sleep(61 * time.Second)
			c.Drop()
		case 2:
			c.Sleep(3 * time.Second)
			c.Answer(http.StatusServiceUnavailable, "busy")
		case 3:
			c.Sleep(time.Minute)
			c.Raw(": begin\n\n")
			c.Sleep(48 * time.Hour)
		default:
			c.Answer(http.StatusNoContent, "")
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var meter source.Meter
		time.AfterFunc(time.Hour, func() {
			s := meter.Stats()
			connects := bucket(t, s.ConnectTimes, time.Second, 1)
			connects[len(connects)-1] = 1
			assert.Equal(t, connects, s.ConnectTimes.Counts, "the second connection is open")
			assert.Equal(t, 61*time.Second, s.ConnectTimes.Sum)
			assert.Equal(t, bucket(t, s.ConnectionTimes, 2*time.Minute, 1), s.ConnectionTimes.Counts)
			clear(s.ConnectTimes.Counts) // a copy
		})
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithMeter(&meter)))
		require.NoError(t, err)
		s := meter.Stats()
		connections := bucket(t, s.ConnectionTimes, 2*time.Minute, 1)
		connections[len(connections)-1] = 1
		assert.Equal(t, connections, s.ConnectionTimes.Counts)
		assert.Equal(t, 48*time.Hour+61*time.Second, s.ConnectionTimes.Sum)
		assert.EqualValues(t, 1, s.ConnectTimes.Counts[slices.Index(s.ConnectTimes.Bounds, time.Second)])
	})
}

// The duration of a request that the program sent itself is unknown.
func TestHistogramOfAResponse(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Raw("data: x\n\n")
		c.Sleep(20 * time.Second)
	}, func(t *testing.T, server *ssetest.Server, _ *source.Client) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL(), http.NoBody)
		require.NoError(t, err)
		resp, err := server.Client().Do(req)
		require.NoError(t, err)
		var meter source.Meter
		_, err = sink.Collect(t.Context(), source.FromResponse(resp, source.WithMeter(&meter)))
		require.NoError(t, err)
		s := meter.Stats()
		assert.EqualValues(t, 1, s.Connects)
		assert.Equal(t, make([]int64, len(s.ConnectTimes.Bounds)+1), s.ConnectTimes.Counts)
		assert.Equal(t, bucket(t, s.ConnectionTimes, 30*time.Second, 1), s.ConnectionTimes.Counts)
	})
}
