package source_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// Secrets stay with the origin they were meant for, whatever header they are in.
func TestRedirectsAndSecrets(t *testing.T) {
	for name, c := range map[string]struct {
		hops  []string // where the server redirects to, one after the other
		kept  bool
		hosts []string
	}{
		"another host":          {[]string{"http://other.example/"}, false, []string{"ssetest.test", "other.example"}},
		"a host below":          {[]string{"http://sub.ssetest.test/"}, false, []string{"ssetest.test", "sub.ssetest.test"}},
		"another path":          {[]string{"/moved"}, true, []string{"ssetest.test", "ssetest.test"}},
		"another port":          {[]string{"http://ssetest.test:8080/"}, false, []string{"ssetest.test", "ssetest.test:8080"}},
		"the default port":      {[]string{"http://ssetest.test:80/moved"}, true, []string{"ssetest.test", "ssetest.test:80"}},
		"back by another port":  {[]string{"http://ssetest.test:8080/", "http://ssetest.test/back"}, false, []string{"ssetest.test", "ssetest.test:8080", "ssetest.test"}},
		"back by another host":  {[]string{"http://other.example/", "http://ssetest.test/back"}, false, []string{"ssetest.test", "other.example", "ssetest.test"}},
		"another path and host": {[]string{"/moved", "http://other.example/"}, false, []string{"ssetest.test", "ssetest.test", "other.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				switch n := conn.N - 1; {
				case n < len(c.hops):
					conn.Header().Set("Location", c.hops[n])
					conn.Answer(http.StatusTemporaryRedirect, "")
				case n == len(c.hops):
					conn.Send(codec.Event{ID: "8", Data: "event"})
				default:
					conn.Answer(http.StatusNoContent, "")
				}
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL()+"/?token=secret", nil)
				require.NoError(t, err)
				req.Header.Set("X-Request-Key", "secret")
				events, err := sink.Collect(t.Context(), client.ObserveRequest(req,
					source.WithHeader("Authorization", "Bearer secret"), source.WithHeader("Cookie", "session=secret"),
					source.WithHeader("X-API-Key", "secret"), source.WithHeader("Accept-Language", "de"), source.WithLastEventID("7")))
				require.NoError(t, err)
				assert.Equal(t, "event", data(events))

				log := server.Requests()
				var hosts []string
				for _, r := range log[:len(c.hosts)] {
					hosts = append(hosts, r.Host)
				}
				assert.Equal(t, c.hosts, hosts)
				last := log[len(c.hops)]
				for _, secret := range []string{"Authorization", "Cookie", "X-Api-Key", "X-Request-Key"} {
					assert.Equal(t, c.kept, last.Header.Get(secret) != "", secret)
				}
				if !c.kept {
					assert.NotContains(t, fmt.Sprint(last.Header), "secret")
				}
				assert.Equal(t, "text/event-stream", last.Header.Get("Accept"))
				assert.Equal(t, "no-cache", last.Header.Get("Cache-Control"))
				assert.Equal(t, "de", last.Header.Get("Accept-Language"))
				assert.Equal(t, "7", last.LastEventID)

				again := log[len(c.hops)+1]
				assert.Equal(t, "ssetest.test", again.Host, "a reconnection begins at the URL it was given")
				assert.Equal(t, "Bearer secret", again.Header.Get("Authorization"))
				assert.Equal(t, "8", again.LastEventID)
			})
		})
	}
}

func TestRedirectPolicy(t *testing.T) {
	circle := func(c *ssetest.Conn) {
		c.Header().Set("Location", "/")
		c.Answer(http.StatusFound, "")
	}
	t.Run("default", func(t *testing.T) {
		within(t, circle, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			_, err := sink.Collect(t.Context(), client.Observe(server.URL()))
			require.ErrorIs(t, err, source.ErrRedirects, "it is final")
			require.EqualError(t, err, "source: GET http://ssetest.test: stopped after 10 redirects")
			assert.Len(t, server.Requests(), 10)
		})
	})
	t.Run("the caller's", func(t *testing.T) {
		within(t, circle, func(t *testing.T, server *ssetest.Server, _ *source.Client) {
			stubborn := *server.Client()
			stubborn.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			_, err := sink.Collect(t.Context(), source.SSE(server.URL(), source.WithHTTPClient(&stubborn)))
			var failure *source.Error
			require.ErrorAs(t, err, &failure)
			assert.Equal(t, http.StatusFound, failure.StatusCode)
			assert.Len(t, server.Requests(), 1)
		})
	})
	for name, location := range map[string]string{
		"a Location that cannot be parsed": "http://user:secret/path",
		"a Location of another scheme":     "gopher://user:secret@host/secret",
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) {
				c.Header().Set("Location", location)
				c.Answer(http.StatusFound, "")
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL()))
				require.ErrorIs(t, err, source.ErrRequest)
				assert.NotContains(t, err.Error(), "secret")
				assert.Len(t, server.Requests(), 1, "it is final")
			})
		})
	}
}
