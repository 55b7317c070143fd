package source_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// refusing answers with status to each request that has a last event ID, and with an event
// to others.
func refusing(status int) func(*ssetest.Conn) {
	return func(c *ssetest.Conn) {
		if c.LastEventID() != "" {
			c.Answer(status, "unknown id")
		}
		c.Send(numbered(1)...)
	}
}

// askedFor returns the last event IDs of the requests.
func askedFor(server *ssetest.Server) (ids []string) {
	for _, r := range server.Requests() {
		ids = append(ids, r.LastEventID)
	}
	return ids
}

func TestWithLastEventIDReset(t *testing.T) {
	reset := source.WithLastEventIDReset(true)
	for name, c := range map[string]struct {
		status int
		id     string
		opts   []source.Option
		want   []string // IDs of the requests
		events int
		err    string
	}{
		"400":               {400, "old", []source.Option{reset}, []string{"old", "", "1"}, 1, "400"}, // the second time it is final
		"410":               {410, "old", []source.Option{reset}, []string{"old", "", "1"}, 1, "410"},
		"416":               {416, "old", []source.Option{reset}, []string{"old", "", "1"}, 1, "416"},
		"another status":    {404, "old", []source.Option{reset}, []string{"old"}, 0, "404"},
		"not asked for":     {400, "old", nil, []string{"old"}, 0, `(after event "old"; if the server no longer has it, WithLastEventIDReset starts over)`},
		"switched off":      {400, "old", []source.Option{reset, source.WithLastEventIDReset(false)}, []string{"old"}, 0, "400"},
		"beside strict":     {400, "old", []source.Option{reset, source.WithStrictEventSource(true)}, []string{"old", "", "1"}, 1, "400"},
		"beside retry":      {400, "old", []source.Option{reset, source.WithRetryIf(func(*source.Error) bool { return false })}, []string{"old", ""}, 1, ""},
		"the request once":  {400, "old", []source.Option{reset, source.WithReconnect(source.ReconnectNever)}, []string{"old"}, 0, "400"},
		"too many attempts": {400, "old", []source.Option{reset, source.WithMaxAttempts(1)}, []string{"old"}, 0, "400"},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, refusing(c.status), func(t *testing.T, server *ssetest.Server, client *source.Client) {
				var checkpoint source.MemoryCheckpoint
				require.NoError(t, checkpoint.Save(t.Context(), c.id))
				log, written := lines(slog.LevelWarn)
				events, err := sink.Collect(t.Context(), client.Observe(server.URL(), append(c.opts, source.WithCheckpoint(&checkpoint), source.WithLogger(log))...))
				if c.err == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, c.err)
				}
				assert.Len(t, events, c.events)
				assert.Equal(t, c.want, askedFor(server))
				said := strings.Contains(strings.Join(written(), "\n"), "starts over without it")
				assert.Equal(t, len(c.want) > 1 || name == "too many attempts", said)
			})
		})
	}
}

// A refusal of a request without a last event ID does not concern the ID.
func TestRefusalThatIsNotOfTheLastEventID(t *testing.T) {
	for name, id := range map[string]string{"none": "", "cannot be sent": "a\x01b"} {
		t.Run(name, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) { c.Answer(http.StatusBadRequest, "") }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithLastEventID(id), source.WithLastEventIDReset(true)))
				require.ErrorIs(t, err, source.ErrStatus)
				assert.Len(t, server.Requests(), 1)
			})
		})
	}
}

func TestLastEventIDResetOfASession(t *testing.T) {
	within(t, refusing(http.StatusGone), func(t *testing.T, server *ssetest.Server, client *source.Client) {
		session, err := client.Open(t.Context(), server.URL(), source.WithLastEventID("old"), source.WithLastEventIDReset(true))
		require.NoError(t, err)
		defer session.Close()
		assert.Empty(t, session.LastEventID())
		assert.Equal(t, "event 1", take(t, session, 1))
		assert.Equal(t, []string{"old", ""}, askedFor(server))

		_, err = client.Open(t.Context(), server.URL(), source.WithLastEventID("old"))
		require.ErrorContains(t, err, "WithLastEventIDReset starts over")
		_, err = client.Open(t.Context(), server.URL(), source.WithLastEventID("old"), source.WithLastEventIDReset(true), source.WithReconnect(source.ReconnectNever))
		require.ErrorIs(t, err, source.ErrStatus)
		assert.Len(t, server.Requests(), 4)
	})
}
