package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A writer for concurrent use, like a terminal.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// The whole program, with an exchange that breaks its connections four times a second:
// candles of all markets arrive, one per second each, and no trade is missing.
func TestDashboard(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out output
	done := make(chan error)
	go func() { done <- run(ctx, &out, []string{"-addr", "127.0.0.1:0", "-breaks", "250ms"}) }()
	require.Eventually(t, func() bool { return strings.HasSuffix(out.String(), "\n") }, 5*time.Second, time.Millisecond)
	url := strings.TrimSpace(out.String())

	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	response, err := client.Get(url)
	require.NoError(t, err)
	page, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Contains(t, string(page), `<script type="module" src="app.js">`)

	candles := map[string][]Candle{}
	var last status
	events := source.SSE(url+"/events?lastEventId=none", source.WithHTTPClient(client))
	err = sink.ForEach(ctx, events, func(e codec.Event) error {
		switch e.Type {
		case "feed":
			require.NoError(t, json.Unmarshal([]byte(e.Data), &last))
		case "candle":
			var c Candle
			require.NoError(t, json.Unmarshal([]byte(e.Data), &c))
			candles[c.Symbol] = append(candles[c.Symbol], c)
		}
		if last.Reconnects >= 4 && len(candles) == len(quotes) && len(candles["BTC-EUR"]) >= 3 {
			cancel()
		}
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, <-done, "an interrupt is a clean end")
	assert.Equal(t, url+"\ninterrupted\n", out.String())
	assert.Zero(t, last.Missing)
	for symbol, of := range candles {
		for i := 1; i < len(of); i++ {
			assert.Positive(t, of[i].Start.Sub(of[i-1].Start), symbol)
			assert.LessOrEqual(t, of[i].Low, of[i].Close, symbol)
			assert.GreaterOrEqual(t, of[i].High, of[i].Open, symbol)
		}
	}
}

func TestDashboardForAWhile(t *testing.T) {
	var out output
	require.NoError(t, run(t.Context(), &out, []string{"-addr", "127.0.0.1:0", "-for", "50ms"}))
	assert.Regexp(t, `^http://127.0.0.1:\d+\nended after 50ms\n$`, out.String())
}

// Trades out of order make the same candle as in order.
func TestCandle(t *testing.T) {
	var c Candle
	for _, trade := range []Trade{
		{Price: 5, Quantity: 1, Millis: 20},
		{Price: 9, Quantity: 1, Millis: 10},
		{Price: 2, Quantity: 2, Millis: 40},
		{Price: 7, Quantity: 1, Millis: 30},
	} {
		c = c.add(trade)
	}
	assert.Equal(t, Candle{Open: 9, High: 9, Low: 2, Close: 2, Volume: 5, Trades: 4, first: 10, last: 40}, c)
}

func TestWatchCountsWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watch
		w.trace().Open(source.Attempt{}, nil)
		w.trace().Disconnected(source.Attempt{}, io.EOF)
		w.trace().Open(source.Attempt{}, nil)
		for _, id := range []string{"3", "4", "x", "8", "8"} {
			w.event(codec.Event{ID: id})
		}
		got, err := sink.First(t.Context(), operators.Take(w.statuses(), 1))
		require.NoError(t, err)
		assert.JSONEq(t, `{"state":"live","reason":"","reconnects":1,"trades":3,"missing":3}`, got.Data)
		w.trace().Disconnected(source.Attempt{}, marble.Err)
		assert.Equal(t, "the connection broke", w.now.Reason)
	})
}

func TestBadInput(t *testing.T) {
	for want, args := range map[string][]string{
		`unexpected argument "x"; see -help`:      {"x"},
		"-breaks must not be negative, got -1s":   {"-breaks", "-1s"},
		"choose another address with -addr":       {"-addr", "256.0.0.1:1"},
		"flag provided but not defined: -nothing": {"-nothing"},
	} {
		err := run(t.Context(), io.Discard, args)
		assert.ErrorContains(t, err, want)
	}
	assert.ErrorIs(t, run(t.Context(), io.Discard, []string{"-help"}), flag.ErrHelp)
}
