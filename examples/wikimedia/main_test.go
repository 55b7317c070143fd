package main

import (
	"bytes"
	"context"
	"flag"
	"io"
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

func TestStandIn(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, []string{"-for", "2s"}))
	assert.Regexp(t, `(?m)^\d\d:\d\d:\d\d  ("\w+" \d+  )+$`, out.String())
	assert.Regexp(t, `edits: [1-9]\d\d  repeated by the server: [1-9]\d*  canaries: [1-9]\d*  reconnects: [2-9]  ended: after 2s\n$`, out.String())
}

// Each change of the stand-in is counted exactly once.
func TestEachChangeOnce(t *testing.T) {
	w, err := openWiki(t.Context())
	require.NoError(t, err)
	defer w.close()
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	var tally tally
	seen := map[string]int{}
	var first, last time.Time
	for c, err := range tally.changes(w.url())(ctx) {
		if err != nil {
			break
		}
		if first.IsZero() {
			first = c.Meta.Time
		}
		last = c.Meta.Time
		seen[c.Meta.ID]++
	}
	moment := int64(first.Sub(w.began) / wikiPause)
	for at := first; at.Before(last); at = at.Add(wikiPause) {
		for n := range 1 + moment%3 {
			data := change(at, moment, n).Data
			if strings.Contains(data, `"canary"`) {
				continue
			}
			_, id, _ := strings.Cut(data, `"id":"`)
			assert.Equal(t, 1, seen[id[:32]], data)
		}
		moment++
	}
	assert.Positive(t, tally.connections.Stats().Reconnects)
}

func TestRequests(t *testing.T) {
	const id = `[{"topic":"a","partition":0,"timestamp":1},{"topic":"b","partition":0,"offset":-1}]`
	server := ssetest.NewServer(func(c *ssetest.Conn) {
		if c.N == 2 {
			c.Answer(204, "")
		}
		c.Send(codec.Event{Retry: time.Millisecond}, codec.Event{ID: id, Data: `{"type":"edit","wiki":"xwiki","meta":{"id":"1","dt":"2026-01-01T00:00:00Z"}}`},
			codec.Event{ID: id, Data: "cut"})
	})
	defer server.Close()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, []string{"-url", server.URL(), "-since", "1h"}))
	assert.Equal(t, "00:00:00  \"xwiki\" 1  \nedits: 1  repeated by the server: 0  canaries: 0  reconnects: 0  ended: the server completed the stream\n", out.String())
	requests := server.Requests()
	assert.Regexp(t, `since=\d{4}-\d\d-\d\dT\d\d%3A\d\d%3A\d\dZ`, requests[0].URL)
	assert.Equal(t, id, requests[1].Header.Get("Last-Event-ID"), "as it was")
	assert.Contains(t, requests[1].Header.Get("User-Agent"), "https://")
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	assert.NoError(t, run(ctx, io.Discard, nil), "it is a clean end")
}

func TestBadInput(t *testing.T) {
	assert.ErrorContains(t, run(t.Context(), io.Discard, []string{"x"}), `unexpected argument "x"; see -help`)
	assert.ErrorContains(t, run(t.Context(), io.Discard, []string{"-since", "-1s"}), "-since must not be negative, got -1s")
	assert.ErrorContains(t, run(t.Context(), io.Discard, []string{"-url", ":"}), "missing protocol scheme")
	assert.ErrorIs(t, run(t.Context(), io.Discard, []string{"-help"}), flag.ErrHelp)
}
