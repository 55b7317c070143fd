package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The embedded hub forgets updates while the subscriber is away: that is detected, and the
// updates are in order and only of the requested topics.
func TestEmbeddedHub(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, nil))
	assert.Contains(t, out.String(), "updates: 30  ended: after the number asked for\n")
	assert.Contains(t, out.String(), "-- the hub has forgotten some updates")
	assert.NotContains(t, out.String(), "books/0")
	ids := regexp.MustCompile(`(?m)^"urn:uuid:\S+"`).FindAllString(out.String(), -1)
	assert.Len(t, ids, 30)
	assert.True(t, slices.IsSorted(ids))
	assert.Len(t, slices.Compact(ids), 30, "none twice")
}

// The request to a hub, and the interpretation of its answer.
func TestSubscription(t *testing.T) {
	server := ssetest.NewServer(func(c *ssetest.Conn) {
		switch c.N {
		case 1:
			c.Header().Set("Last-Event-ID", "urn:a")
			c.Send(codec.Event{Retry: time.Millisecond}, codec.Event{ID: "urn:b", Data: "1"})
		case 2: // it knows where the subscriber was
			c.Header().Set("Last-Event-ID", "urn:b")
			c.Send(codec.Event{ID: "urn:c", Data: "2"})
		case 3: // it does not
			c.Header().Set("Last-Event-ID", "urn:x")
			c.Send(codec.Event{ID: "urn:y", Data: "3"})
		default:
			c.Answer(204, "")
		}
	})
	defer server.Close()
	t.Setenv("MERCURE_TOKEN", "secret")
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, []string{"-url", server.URL(), "-topic", "a b", "-topic", "c", "-since", "urn:a"}))
	lines := strings.Split(out.String(), "\n")
	assert.Contains(t, lines[0], `"1"`)
	assert.Contains(t, lines[1], `"2"`)
	assert.Contains(t, lines[2], "forgotten")
	assert.Contains(t, lines[3], `"3"`)
	var asked []string
	for _, r := range server.Requests() {
		asked = append(asked, r.Header.Get("Last-Event-ID"))
		assert.Equal(t, "Bearer secret", r.Header.Get("Authorization"))
		assert.Contains(t, r.URL, "topic=a+b&topic=c")
	}
	assert.Equal(t, []string{"urn:a", "urn:b", "urn:c", "urn:y"}, asked)
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var out strings.Builder
	assert.NoError(t, run(ctx, &out, nil), "it is a clean end")
	assert.Contains(t, out.String(), "ended: interrupted\n")

	hub := ssetest.NewServer(func(c *ssetest.Conn) { c.Answer(http.StatusNoContent, "") })
	defer hub.Close()
	out.Reset()
	require.NoError(t, run(t.Context(), &out, []string{"-url", hub.URL()}))
	assert.Equal(t, "updates: 0  ended: the hub completed the stream\n", out.String())
}

func TestBadInput(t *testing.T) {
	hub := ssetest.NewServer(func(c *ssetest.Conn) { c.Answer(http.StatusUnauthorized, "no token") })
	defer hub.Close()
	t.Setenv("MERCURE_TOKEN", "wrong-secret")
	err := run(t.Context(), io.Discard, []string{"-url", hub.URL()})
	require.ErrorContains(t, err, "401")
	assert.NotContains(t, err.Error(), "wrong-secret")
	assert.ErrorContains(t, run(t.Context(), io.Discard, []string{"x"}), `unexpected argument "x"; see -help`)
	assert.ErrorContains(t, run(t.Context(), io.Discard, []string{"-url", ":"}), "missing protocol scheme")
	assert.ErrorIs(t, run(t.Context(), io.Discard, []string{"-help"}), flag.ErrHelp)
}
