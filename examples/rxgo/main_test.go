package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Three lines an order, and one that came by telephone: none is lost, though the
// connection breaks, and none is left behind.
func TestNothingIsLostAndNothingIsLeft(t *testing.T) {
	defer goleak.VerifyNone(t)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, nil))
	assert.Regexp(t, `(?m)^north   map\[.*lamp:\d+.*\]$`, out.String())
	assert.Regexp(t, `(?m)^south   map\[chair:\d+.*\]$`, out.String())
	assert.Regexp(t, `\nlines: 451  reconnects: [2-9]\n$`, out.String())
}

// The flow can be left at any time, and subscribed to again.
func TestTheFlowIsLeft(t *testing.T) {
	defer goleak.VerifyNone(t)
	endless := operators.Map(source.Interval(time.Millisecond), func(n int) Order {
		return Order{Number: n, Lines: []Line{{Product: "lamp", Pieces: 1}}}
	})
	lines := packing(endless)
	for range 3 {
		got, err := sink.Collect(t.Context(), operators.Take(lines, 3))
		require.NoError(t, err)
		assert.Len(t, got, 3)
	}
}

func TestInterrupt(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	assert.NoError(t, run(ctx, io.Discard, nil), "it is a clean end")
}

func TestBadInput(t *testing.T) {
	assert.ErrorContains(t, run(t.Context(), io.Discard, []string{"x"}), `unexpected argument "x"; see -help`)
	assert.ErrorContains(t, run(t.Context(), io.Discard, []string{"-url", "ftp://x"}), "unusable URL")
	assert.ErrorIs(t, run(t.Context(), io.Discard, []string{"-help"}), flag.ErrHelp)
}
