package source_test

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// A thousand clients lose their connections at the same instant. Each of their waits is
// spread uniformly, so they do not all return at once.
func TestNoHerd(t *testing.T) {
	const clients = 1000
	for name, c := range map[string]struct {
		retry  string
		header string
		waits  []time.Duration // the shortest ones
	}{
		"default":     {"", "", []time.Duration{3 * time.Second, 3 * time.Second, 6 * time.Second}},
		"retry":       {"retry: 20000\n", "", []time.Duration{20 * time.Second, 20 * time.Second, 30 * time.Second}},
		"Retry-After": {"", "60", []time.Duration{3 * time.Second, time.Minute, time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			restart := time.Minute
			var begin time.Time
			var mu sync.Mutex
			attempts := map[string]int{}
			arrivals := make([][]time.Time, 4) // by attempt: the first is with the restart itself
			script := func(conn *ssetest.Conn) {
				client := conn.Request.Header.Get("Client")
				mu.Lock()
				n := attempts[client]
				attempts[client]++
				if n > 0 && n < len(arrivals) {
					arrivals[n] = append(arrivals[n], time.Now())
				}
				mu.Unlock()
				switch n {
				case 0:
					conn.Send(codec.Event{Data: "welcome"})
					conn.Raw(c.retry)
					conn.Sleep(restart - time.Since(begin))
					conn.Drop()
				case 1, 2:
					if c.header != "" {
						conn.Header().Set("Retry-After", c.header)
					}
					conn.Answer(http.StatusServiceUnavailable, "starting")
				default:
					conn.Answer(http.StatusNoContent, "")
				}
			}
			within(t, script, func(t *testing.T, server *ssetest.Server, _ *source.Client) {
				begin = time.Now()
				var mu sync.Mutex
				waits := make([][]float64, len(c.waits))
				var streams sync.WaitGroup
				for i := range clients {
					n := 0
					trace := &source.Trace{Waiting: func(_ source.Attempt, d time.Duration) {
						mu.Lock()
						defer mu.Unlock()
						waits[n] = append(waits[n], d.Seconds())
						n++
					}}
					streams.Go(func() {
						_, err := sink.Collect(t.Context(), source.SSE(server.URL(), source.WithHTTPClient(server.Client()),
							source.WithHeader("Client", strconv.Itoa(i)), source.WithTrace(trace)))
						assert.NoError(t, err)
					})
				}
				streams.Wait()
				for n, shortest := range c.waits {
					assert.Less(t, fromUniform(waits[n], shortest.Seconds(), 1.5*shortest.Seconds()), 2.69/math.Sqrt(clients), "wait %d", n+1)
				}
				var back []float64
				for _, at := range arrivals[1] {
					back = append(back, at.Sub(begin.Add(restart)).Seconds())
				}
				first := c.waits[0].Seconds()
				assert.Less(t, fromUniform(back, first, 1.5*first), 2.69/math.Sqrt(clients), "arrivals")
			})
		})
	}
}

// fromUniform returns how far a sample is from the uniform distribution on [from, to]: the
// statistic of the Kolmogorov–Smirnov test. For n values it exceeds 2.69/√n once in a
// million samples that are uniform.
func fromUniform(sample []float64, from, to float64) float64 {
	slices.Sort(sample)
	n, most := float64(len(sample)), 0.0
	for i, x := range sample {
		f := (x - from) / (to - from)
		most = max(most, math.Abs(f-float64(i)/n), math.Abs(float64(i+1)/n-f))
	}
	return most
}

func TestFromUniform(t *testing.T) {
	even := make([]float64, 1000)
	for i := range even {
		even[i] = 1 + float64(i)/1000
	}
	assert.Less(t, fromUniform(even, 1, 2), 0.01)
	assert.Greater(t, fromUniform(even, 1, 2.5), 0.3, "too early")
	assert.Greater(t, fromUniform([]float64{1, 1, 1}, 1, 2), 0.9, "a herd")
}

func TestWithBackoff(t *testing.T) {
	s := time.Second
	for name, c := range map[string]struct {
		opts    []source.Option
		backoff source.Backoff
		script  func(*ssetest.Conn) // of an attempt that fails; nil: the connection breaks
		want    []time.Duration
	}{
		"defaults":              {nil, source.Backoff{}, nil, []time.Duration{3 * s, 6 * s, 12 * s, 24 * s, 30 * s, 30 * s}},
		"all":                   {nil, source.Backoff{First: s, Growth: 3, Max: 20 * s}, nil, []time.Duration{s, 3 * s, 9 * s, 20 * s, 20 * s}},
		"constant":              {nil, source.Backoff{First: s, Growth: 1}, nil, []time.Duration{s, s, s, s}},
		"first beyond max":      {nil, source.Backoff{First: time.Hour}, nil, []time.Duration{time.Hour, time.Hour}},
		"min":                   {nil, source.Backoff{First: 1, Min: s}, nil, []time.Duration{s, 2 * s, 4 * s}},
		"min and no time":       {[]source.Option{source.WithReconnectionTime(0)}, source.Backoff{Min: s}, nil, []time.Duration{s, 2 * s}},
		"reconnection time":     {[]source.Option{source.WithReconnectionTime(time.Minute)}, source.Backoff{Max: 3 * time.Minute}, nil, []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute, 3 * time.Minute}},
		"the last one wins":     {[]source.Option{source.WithReconnectionTime(time.Minute)}, source.Backoff{First: s}, nil, []time.Duration{s, 2 * s}},
		"an earlier backoff":    {[]source.Option{source.WithBackoff(source.Backoff{First: time.Minute})}, source.Backoff{}, nil, []time.Duration{3 * s, 6 * s}},
		"time after a backoff":  {[]source.Option{source.WithBackoff(source.Backoff{First: time.Minute}), source.WithReconnectionTime(s)}, source.Backoff{}, nil, []time.Duration{s, 2 * s}},
		"growth to the horizon": {nil, source.Backoff{First: s, Growth: 1e300, Max: time.Minute}, nil, []time.Duration{s, time.Minute, time.Minute, time.Minute}},
		"retry beyond the most": {nil, source.Backoff{MaxServer: time.Minute}, func(c *ssetest.Conn) { c.Raw("retry: 90000\n"); c.Drop() }, []time.Duration{time.Minute, time.Minute}},
		"retry zero":            {nil, source.Backoff{Min: s}, func(c *ssetest.Conn) { c.Raw("retry: 0\n"); c.Drop() }, []time.Duration{s, 2 * s}},
		"Retry-After beyond the most": {nil, source.Backoff{MaxServer: time.Minute}, func(c *ssetest.Conn) {
			c.Header().Set("Retry-After", "90")
			c.Answer(http.StatusServiceUnavailable, "")
		}, []time.Duration{time.Minute, time.Minute}},
		"a function":          {nil, source.Backoff{Wait: func(s source.BackoffState) time.Duration { return time.Duration(s.Failures*s.Failures) * time.Second }}, nil, []time.Duration{s, 4 * s, 9 * s}},
		"a function of waits": {nil, source.Backoff{First: s, Wait: func(s source.BackoffState) time.Duration { return 10 * s.Wait }}, nil, []time.Duration{10 * s, 20 * s, 40 * s}},
		"a function of zero":  {nil, source.Backoff{Wait: func(source.BackoffState) time.Duration { return -1 }}, nil, []time.Duration{s / 10, s / 10}},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				switch {
				case conn.N > len(c.want):
					conn.Answer(http.StatusNoContent, "")
				case c.script == nil:
					conn.Drop()
				default:
					c.script(conn)
				}
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				c.backoff.Jitter = -1
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), append(c.opts, source.WithBackoff(c.backoff))...))
				require.NoError(t, err)
				assert.Equal(t, c.want, waits(server.Requests()))
			})
		})
	}
}

// The wait starts over after a connection that has delivered an event.
func TestBackoffStartsAnew(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		switch c.N {
		case 4:
			c.Send(codec.Event{Data: "at last"})
		case 7:
			c.Answer(http.StatusNoContent, "")
		}
		c.Drop()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		_, err := sink.Collect(t.Context(), client.Observe(server.URL()))
		require.NoError(t, err)
		s := time.Second
		assert.Equal(t, []time.Duration{3 * s, 6 * s, 12 * s, 3 * s, 3 * s, 6 * s}, waits(server.Requests()))
	})
}

func TestGiveUpAfter(t *testing.T) {
	giveUp := func(d time.Duration) source.Option {
		return source.WithBackoff(source.Backoff{GiveUpAfter: d, Jitter: -1})
	}
	for name, c := range map[string]struct {
		script   func(*ssetest.Conn)
		opt      source.Option
		requests int
		took     time.Duration
		err      error
	}{
		"from the beginning": {func(c *ssetest.Conn) { c.Answer(http.StatusServiceUnavailable, "") }, giveUp(time.Minute), 5, 45 * time.Second, source.ErrStatus},
		"at the last moment": {func(c *ssetest.Conn) { c.Answer(http.StatusServiceUnavailable, "") }, giveUp(45 * time.Second), 5, 45 * time.Second, source.ErrStatus},
		"a server that ends": {func(c *ssetest.Conn) { c.Open() }, giveUp(time.Minute), 5, 45 * time.Second, source.ErrEndedEarly},
		"from a healthy connection": {func(c *ssetest.Conn) {
			if c.N == 1 {
				c.Send(numbered(1)...)
				c.Sleep(time.Hour)
				c.Drop()
			}
			c.Answer(http.StatusServiceUnavailable, "")
		}, giveUp(time.Minute), 6, time.Hour + 48*time.Second, source.ErrStatus},
		"a healthy connection is tried again once": {func(c *ssetest.Conn) {
			if c.N == 1 {
				c.Send(numbered(1)...)
				c.Drop()
			}
			c.Answer(http.StatusServiceUnavailable, "")
		}, giveUp(time.Second), 2, 3 * time.Second, source.ErrStatus},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, c.script, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				start := time.Now()
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), c.opt))
				require.ErrorIs(t, err, c.err)
				assert.Len(t, server.Requests(), c.requests)
				assert.Equal(t, c.took, time.Since(start))
			})
		})
	}
}

func TestBackoffState(t *testing.T) {
	var states []source.BackoffState
	within(t, func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Sleep(time.Second)
			c.Send(numbered(1)...)
		case 2:
			c.Header().Set("Retry-After", "7")
			c.Answer(http.StatusServiceUnavailable, "")
		default:
			c.Answer(http.StatusNoContent, "")
		}
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithBackoff(source.Backoff{Jitter: -1, Wait: func(s source.BackoffState) time.Duration {
			states = append(states, s)
			return s.Wait
		}})))
		require.NoError(t, err)
		require.Len(t, states, 2)
		assert.Equal(t, source.BackoffState{Wait: 3 * time.Second}, states[0])
		assert.Equal(t, http.StatusServiceUnavailable, states[1].Err.StatusCode)
		states[1].Err = nil
		assert.Equal(t, source.BackoffState{Failures: 1, Elapsed: 3 * time.Second, RetryAfter: 7 * time.Second, Wait: 7 * time.Second}, states[1])
	})
}

// With a reconnection time of 0, from the caller or the server, waits grow from the
// shortest one, whatever the growth.
func TestBackoffGrowsFromTheShortestWait(t *testing.T) {
	for name, c := range map[string]struct {
		growth float64
		want   []time.Duration
	}{
		"by default": {0, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond}},
		"overflows":  {1e300, []time.Duration{100 * time.Millisecond, 30 * time.Second, 30 * time.Second, 30 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				if conn.N > 4 {
					conn.Answer(http.StatusNoContent, "")
				}
				conn.Raw("retry: 0\n\n")
				conn.Drop()
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithBackoff(source.Backoff{Growth: c.growth, Jitter: -1})))
				require.NoError(t, err)
				assert.Equal(t, c.want, waits(server.Requests()))
			})
		})
	}
}

// The reconnection time of a server is bounded; that of the caller is not.
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

// A quiet stream that proxies cut off every half minute is healthy: it uses up no attempts,
// and its waits do not grow.
func TestQuietConnectionsAreHealthy(t *testing.T) {
	for name, end := range map[string]func(*ssetest.Conn){"clean": func(*ssetest.Conn) {}, "broken": (*ssetest.Conn).Drop} {
		t.Run(name, func(t *testing.T) {
			const lasts = 30 * time.Second // just long enough
			within(t, func(c *ssetest.Conn) {
				if c.N > 20 {
					c.Answer(http.StatusNoContent, "")
				}
				c.Comment("")
				c.Sleep(lasts)
				end(c)
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithMaxAttempts(2)))
				require.NoError(t, err)
				for _, wait := range waits(server.Requests()) {
					assert.Equal(t, lasts+3*time.Second, wait)
				}
			})
		})
	}
}
