package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNothingIsLost(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, []string{"-for", "1s", "-window", "250ms"}))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	summary := lines[len(lines)-1]
	assert.Regexp(t, `^events: (\d+) \(of \d+ sent\)  reconnects: 4  lost: 0  duplicated: 0$`, summary)
	assert.Regexp(t, `\d\d:\d\d:\d\d\.\d+ to `, out.String(), "a window")
	assert.Contains(t, out.String(), "Bitcoin ₿")
	assert.Regexp(t, `^An exchange on loopback sends trades for 1s and breaks the connection 4\stimes\.`, out.String())
	assert.Equal(t, 4, strings.Count(out.String(), "connection lost, again in "))
	for _, line := range lines {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), columns, line)
	}
	assert.NotContains(t, out.String(), "\x1b", "plain when it is no terminal")
}

func TestInterruptEndsWithTheSummary(t *testing.T) {
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	require.NoError(t, run(ctx, &out, nil))
	assert.Regexp(t, regexp.MustCompile(`events: \d+ \(of \d+ sent, interrupted\)  reconnects: \d  lost: 0  duplicated: 0\n$`), out.String())
}

func TestLiveServer(t *testing.T) {
	server := ssetest.NewServer(func(c *ssetest.Conn) {
		if c.N > 1 {
			c.Answer(204, "")
		}
		c.Send(codec.Event{Retry: time.Millisecond},
			codec.Event{Type: "edit", Data: "{\"title\":\n\"\x1b[31mred\"}"}, codec.Event{Type: "other", Data: "x"}, codec.Event{Type: "edit", Data: strings.Repeat("é", 100)})
	})
	defer server.Close()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, []string{"-url", server.URL(), "-type", "edit"}))
	assert.Regexp(t, `(?m)^edit +2 +221  é{39}…$`, out.String())
	assert.NotContains(t, out.String(), "other")
	assert.Contains(t, out.String(), "events: 3  reconnects: 0  ended: the server completed the stream\n")
	assert.Contains(t, out.String(), "Waiting for events")
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// A full disk is reported, also on a live server that sends nothing.
func TestOutputFails(t *testing.T) {
	full := errors.New("no space left")
	assert.ErrorIs(t, run(t.Context(), failing{full}, []string{"-for", "100ms"}), full)
	server := ssetest.NewServer(func(c *ssetest.Conn) { c.Answer(204, "") })
	defer server.Close()
	assert.ErrorIs(t, run(t.Context(), failing{full}, []string{"-url", server.URL()}), full)
}

// The user sees why no items arrive, and how the stream ended.
func TestServerIsDown(t *testing.T) {
	for want, args := range map[string][]string{
		"ended: the time of -for is over\n": {"-for", "100ms"},
		"ended: interrupted\n":              nil,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		if args == nil {
			time.AfterFunc(100*time.Millisecond, cancel)
		}
		var out bytes.Buffer
		require.NoError(t, run(ctx, &out, append(args, "-url", "http://127.0.0.1:1/?key=secret")))
		cancel()
		assert.Regexp(t, `cannot connect, again in \S+ source: GET http://127.0.0.1:1/`, out.String())
		assert.Contains(t, out.String(), want)
		assert.NotContains(t, out.String(), "secret")
	}
}

func TestRefused(t *testing.T) {
	server := ssetest.NewServer(func(c *ssetest.Conn) { c.Answer(401, "log in") })
	defer server.Close()
	assert.ErrorContains(t, run(t.Context(), &bytes.Buffer{}, []string{"-url", server.URL()}), `status 401 Unauthorized: "log in"`)
}

// Text from the network stays within its lines.
func TestSay(t *testing.T) {
	var out bytes.Buffer
	newPrinter(&out).say("%s\x1b[31m", strings.Repeat("é word\n", 30))
	for line := range strings.Lines(out.String()) {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), columns+1)
		assert.NotContains(t, line, "\x1b")
	}
	assert.Equal(t, 30, strings.Count(out.String(), "word"))
}

func TestBadInput(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-window", "0s"}, "-window must be positive, got 0s"},
		{[]string{"https://example.com"}, `unexpected argument "https://example.com"`},
		{[]string{"-type", "x"}, "-type and -debounce need -url"},
		{[]string{"-url", "http://[", "-for", "1s"}, "source: GET http://["},
	} {
		err := run(t.Context(), &bytes.Buffer{}, c.args)
		assert.ErrorContains(t, err, c.want)
	}
	assert.True(t, errors.Is(run(t.Context(), &bytes.Buffer{}, []string{"-help"}), flag.ErrHelp))
}

func TestClip(t *testing.T) {
	assert.Equal(t, " [31mred \u00e9…", clip("\x1b[31mred\né and more", 11))
	assert.Equal(t, "short", clip("short", 10))
}

func TestTally(t *testing.T) {
	var seen tally
	for _, id := range []string{"1", "2", "2", "5", "", "x", "6"} {
		seen.event(codec.Event{ID: id})
	}
	assert.Equal(t, tally{events: 7, last: 6, lost: 2, duplicated: 1}, seen)
}
