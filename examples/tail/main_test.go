package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
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

// tail runs the program and returns what it prints, without the times.
func tail(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	require.NoError(t, run(t.Context(), &out, &errs, args))
	return regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d\d\d `).ReplaceAllString(out.String(), ""), errs.String()
}

func TestEmbeddedFeed(t *testing.T) {
	out, errs := tail(t)
	assert.Equal(t, ticks-4, strings.Count(out, "tick #"))
	assert.Equal(t, 4, strings.Count(out, "\n    a fifth tick\n    is always something\n"))
	assert.Regexp(t, `(?m)^tick #\S+  \{"n": 0, "price": \{"EUR": 100.00\}\}$`, out)
	assert.Contains(t, errs, "tail: connection lost: the server ended the response\ntail: trying again in ")
	assert.Contains(t, errs, "tail: connected again\n")
}

// server sends these events to each client, and nothing to a client that has the last.
func server(t *testing.T, events ...codec.Event) *ssetest.Server {
	t.Helper()
	s := ssetest.NewServer(func(c *ssetest.Conn) {
		if c.LastEventID() == "last" {
			c.Answer(204, "")
		}
		c.Comment(" beat")
		c.Send(events...)
		c.Send(codec.Event{Retry: time.Millisecond}, codec.Event{Type: "end", ID: "last"})
	})
	t.Cleanup(s.Close)
	return s
}

func TestForms(t *testing.T) {
	s := server(t,
		codec.Event{Type: "price", ID: "1", Data: `{"a":[1,2]}`},
		codec.Event{Type: "price", ID: "2", Data: "{not JSON"},
		codec.Event{Type: "news", ID: "3", Data: "\x1b[31mred"})
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"plain", nil, "price #1  {\"a\":[1,2]}\nprice #2  {not JSON\nnews #3  ␛[31mred\nend #last  \n"},
		{"pretty", []string{"-pretty", "-n", "2"}, "price #1\n    {\n      \"a\": [\n        1,\n        2\n      ]\n    }\nprice #2  {not JSON\n"},
		{"raw", []string{"-raw", "-type", "price", "-n", "1"}, "event: price\ndata: {\"a\":[1,2]}\nid: 1\n\n"},
		{"types", []string{"-type", "news", "-type", "end"}, "news #3  ␛[31mred\nend #last  \n"},
		{"comments", []string{"-comments", "-type", "end"}, ": beat\nend #last  \n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, _ := tail(t, append(c.args, s.URL())...)
			assert.Equal(t, c.want, out)
		})
	}
}

func TestWritesAndGoesOn(t *testing.T) {
	s := server(t, codec.Event{Type: "a", ID: "1", Data: "x"})
	path := filepath.Join(t.TempDir(), "events.ndjson")
	_, errs := tail(t, "-o", path, "-n", "1", s.URL())
	assert.Empty(t, errs)
	_, errs = tail(t, "-o", path, "-n", "1", s.URL())
	assert.Equal(t, "tail: going on after event 1\n", errs)
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat(`{"type":"a","data":"x","id":"1"}`+"\n", 2), string(written), "this server does not know where it was")
	requests := s.Requests()
	assert.Equal(t, "1", requests[1].Header.Get("Last-Event-ID"))

	tail(t, "-o", path, "-n", "1", "-last-event-id", "7", "-H", "Authorization: Bearer x", s.URL())
	requests = s.Requests()
	assert.Equal(t, "7", requests[2].Header.Get("Last-Event-ID"))
	assert.Equal(t, "Bearer x", requests[2].Header.Get("Authorization"))
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	assert.NoError(t, run(ctx, io.Discard, io.Discard, nil), "it is a clean end")
}

func TestBadInput(t *testing.T) {
	s := ssetest.NewServer(func(c *ssetest.Conn) { c.Answer(404, "no such stream") })
	t.Cleanup(s.Close)
	for want, args := range map[string][]string{
		`one URL, please, after the flags; got ["a" "b"]`: {"a", "b"},
		"-n must not be negative, got -1":                 {"-n", "-1"},
		"-raw and -pretty exclude each other":             {"-raw", "-pretty"},
		`want "Name: value"`:                              {"-H", "x"},
		"unusable URL":                                    {"ftp://x"},
		"no such stream":                                  {s.URL()},
		"no such file or directory":                       {"-o", "/nonexistent/x", s.URL()},
	} {
		assert.ErrorContains(t, run(t.Context(), io.Discard, io.Discard, args), want)
	}
	assert.ErrorIs(t, run(t.Context(), io.Discard, io.Discard, []string{"-help"}), flag.ErrHelp)
}
