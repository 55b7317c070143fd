package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reactivex/rxgo/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/rx"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A buffer is written by several goroutines.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// Each observer sees each order, over several connections: three lines per order and one
// from the telephone in the file, 150 orders billed, 750 pieces broadcast.
func TestEachObserverSeesEverything(t *testing.T) {
	defer goleak.VerifyNone(t)
	folder := filepath.Join(t.TempDir(), "data") // run creates it
	var out buffer
	require.NoError(t, run(t.Context(), &out, []string{"-folder", folder}))
	text := out.text.String()
	assert.Contains(t, text, "billed: 150 orders\n")
	assert.Regexp(t, `\nlines: 451  reconnects: [2-9]  ended: the server completed the stream\n$`, text)
	pieces := 0
	for _, m := range regexp.MustCompile(`half a second: (\d+)`).FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		pieces += n
	}
	assert.Equal(t, 150*4+75, pieces) // lamps 1, 2, 3, …, two bulbs, a chair for each second order
	lines, err := os.ReadFile(filepath.Join(folder, "lines.ndjson"))
	require.NoError(t, err)
	assert.Contains(t, string(lines), `{"product":"candle","pieces":1,"store":"north"}`)
	_, err = os.Stat(filepath.Join(folder, "position"))
	require.NoError(t, err)
}

// One observer fails: the others and the source end.
func TestAnObserverFails(t *testing.T) {
	var running atomic.Int32
	orders := func(ctx context.Context) iter.Seq2[message, error] {
		return func(yield func(message, error) bool) {
			running.Add(1)
			defer func() { running.Add(-1) }()
			messages := operators.Map(source.Interval(time.Millisecond), func(n int) message {
				return codec.Message[Order]{ID: strconv.Itoa(n), Value: Order{Number: n, Lines: []Line{{Product: "lamp", Pieces: 1}}}}
			})
			messages(ctx)(yield)
		}
	}
	full := errors.New("the disk is full")
	d := &depot{folder: t.TempDir(), checkpoint: failing{full}, board: sink.NewBroadcaster(), stdout: io.Discard}
	assert.ErrorIs(t, d.run(t.Context(), orders), full)
	goleak.VerifyNone(t)
	assert.Zero(t, running.Load())
}

// failing is a checkpoint that cannot save.
type failing struct{ err error }

func (f failing) Save(context.Context, string) error { return f.err }

// The flow can be left at any time, and subscribed to again.
func TestTheFlowIsLeft(t *testing.T) {
	defer goleak.VerifyNone(t)
	endless := operators.Map(source.Interval(time.Millisecond), func(n int) Order {
		return Order{Number: n, Lines: []Line{{Product: "lamp", Pieces: 1}}}
	})
	lines := between[Order, Line](endless, flow)
	for range 3 {
		got, err := sink.Collect(t.Context(), operators.Take(lines, 3))
		require.NoError(t, err)
		assert.Len(t, got, 3)
	}
}

// The flow can also be left while it is built.
func TestTheFlowIsLeftWhileItIsBuilt(t *testing.T) {
	defer goleak.VerifyNone(t)
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		lines := rx.FromFunc[Line](func(opt rxgo.Option) rxgo.Observable {
			orders := rx.ToRxGo(ctx, source.Never[Order](), opt)
			cancel()
			return flow(ctx, orders, opt)
		})
		_, err := sink.Collect(ctx, lines)
		require.ErrorIs(t, err, context.Canceled)
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
