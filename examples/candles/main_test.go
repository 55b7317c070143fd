package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDemonstration(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, nil))
	assert.Regexp(t, `(?m)^trades: 1440 of 1440  late: 0  reconnects: 2  repeated by the exchange: 40$`, out.String())
	assert.Regexp(t, `these would be late: [1-9]\d*\n$`, out.String())
	assert.Regexp(t, `^12:00 "(BTC|ETH)-EUR" open `, out.String())
}

// Whatever happens to the feeds, the candles are those of the same trades in order and
// without a network.
func TestCandlesAreExact(t *testing.T) {
	north, south := generate(7, 3*time.Minute), generate(8, 3*time.Minute)
	steady, err := openFeed(t.Context(), "north", north)
	require.NoError(t, err)
	defer steady.close()
	broken, err := openFeed(t.Context(), "south", south, 1, 100, 300, 600)
	require.NoError(t, err)
	defer broken.close()

	type place struct {
		symbol string
		minute time.Time
	}
	want := map[place]Candle{}
	for _, trades := range [][]Trade{north, south} {
		for _, trade := range trades {
			p := place{trade.Symbol, trade.Time.Truncate(time.Minute)}
			want[p] = want[p].add(trade)
		}
	}
	results, err := sink.Collect(t.Context(), candles(func(trade Trade) { t.Error("late:", trade) }, source.NewClient(), steady.exchange, broken.exchange))
	require.NoError(t, err)
	got := map[place]Candle{}
	for _, k := range results {
		p := place{k.Key, k.Value.Start.UTC()}
		assert.NotContains(t, got, p, "a candle is delivered once")
		got[p] = k.Value.Value
	}
	assert.Equal(t, len(want), len(got))
	for p, candle := range want {
		// Trades at the same instant may be added in either order.
		assert.Equal(t, []any{candle.High, candle.Low, candle.Volume, candle.Trades}, []any{got[p].High, got[p].Low, got[p].Volume, got[p].Trades}, p)
		assert.True(t, candle.first.Equal(got[p].first) && candle.last.Equal(got[p].last), p)
	}
}

func TestCandle(t *testing.T) {
	at := func(second int, price float64) Trade {
		return Trade{Price: price, Volume: 2, Time: noon.Add(time.Duration(second) * time.Second)}
	}
	var c Candle
	for _, trade := range []Trade{at(5, 10), at(9, 12), at(2, 11), at(7, 8)} {
		c = c.add(trade)
	}
	assert.Equal(t, Candle{Open: 11, High: 12, Low: 8, Close: 12, Volume: 8, Trades: 4, first: noon.Add(2 * time.Second), last: noon.Add(9 * time.Second)}, c)
}

// With feeds by URL, a refusal is an error, and an interrupt a clean end.
func TestFeedsOfOnesOwn(t *testing.T) {
	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	assert.ErrorContains(t, run(t.Context(), io.Discard, []string{"a=" + refusing.URL}), "status 404")

	f, err := openFeed(t.Context(), "north", generate(1, 10*time.Second))
	require.NoError(t, err)
	defer f.close()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, []string{"north=" + f.url}))
	assert.Contains(t, out.String(), "trades: 40  late: 0  ended: the feeds completed\n")

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	out.Reset()
	require.NoError(t, run(ctx, &out, []string{"north=" + f.url}))
	assert.Contains(t, out.String(), "ended: interrupted\n")
}

// A signal ends the demonstration without an error, and the output says so.
func TestInterrupt(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(t.Context())
	interrupt(errors.New("signal"))
	var out bytes.Buffer
	require.NoError(t, run(ctx, &out, nil))
	assert.Equal(t, "interrupted\n", out.String())
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestOutputFails(t *testing.T) {
	full := errors.New("no space left")
	assert.ErrorIs(t, run(t.Context(), failing{full}, nil), full)
}

func TestBadInput(t *testing.T) {
	assert.ErrorContains(t, run(t.Context(), io.Discard, []string{"https://x"}), "want feeds as name=URL; see -help")
	assert.ErrorContains(t, run(t.Context(), io.Discard, []string{"a=https://x", "a=https://y"}), `two feeds have the name "a"`)
	assert.ErrorIs(t, run(t.Context(), io.Discard, []string{"-help"}), flag.ErrHelp)
}
