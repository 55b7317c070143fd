package sink_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/sink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errGone = errors.New("gone")

// sinks are all sinks, behind one signature: what they pass on of src, and the
// error they return.
var sinks = map[string]func(context.Context, rxsse.Observable[string]) (string, error){
	"Collect": func(ctx context.Context, src rxsse.Observable[string]) (got string, err error) {
		items, err := sink.Collect(ctx, src)
		for _, v := range items {
			got += v
		}
		return got, err
	},
	"ForEach": func(ctx context.Context, src rxsse.Observable[string]) (got string, err error) {
		err = sink.ForEach(ctx, src, func(v string) error { got += v; return nil })
		return got, err
	},
	"Lines": func(ctx context.Context, src rxsse.Observable[string]) (string, error) {
		var w bytes.Buffer
		err := sink.Lines(ctx, src, &w)
		return string(bytes.ReplaceAll(w.Bytes(), []byte("\n"), nil)), err
	},
}

func TestHowSinksEnd(t *testing.T) {
	for name, run := range sinks {
		for _, c := range []struct {
			name, src, want string
			err             error
			after           time.Duration
		}{
			{"completion", "a-b-c|", "abc", nil, 5 * marble.Frame},
			{"an error, after what came before it", "a-b-#", "ab", marble.Err, 4 * marble.Frame},
			{"a cancelled context, with its cause", "a-b-----c|", "ab", errGone, 6 * marble.Frame},
			{"nothing", "|", "", nil, 0},
		} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeoutCause(t.Context(), 6*marble.Frame, errGone)
					defer cancel()
					start := time.Now()
					got, err := run(ctx, marble.Cold(c.src))
					assert.Equal(t, c.want, got)
					assert.Equal(t, c.err, err)
					assert.Equal(t, c.after, time.Since(start))
				})
			})
		}
	}
}

func TestForEachEndsWithTheFunctionsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		err := sink.ForEach(t.Context(), marble.Cold("a-b-c"), func(v string) error {
			got = append(got, v)
			if v == "b" {
				return errGone
			}
			return nil
		})
		assert.Equal(t, errGone, err)
		assert.Equal(t, []string{"a", "b"}, got)
	})
}

type price float64

func (p price) String() string { return "€" + string('0'+rune(p)) }

func TestLinesPrintsItemsLikePrintln(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w bytes.Buffer
		src := func(context.Context) iter.Seq2[price, error] {
			return func(yield func(price, error) bool) { _ = yield(1, nil) && yield(2, nil) }
		}
		require.NoError(t, sink.Lines(t.Context(), src, &w))
		assert.Equal(t, "€1\n€2\n", w.String())
	})
}

// brokenWriter takes n writes and then fails.
type brokenWriter struct{ n int }

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.n--; w.n < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestLinesEndsWithTheWritersError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &brokenWriter{n: 2}
		start := time.Now()
		err := sink.Lines(t.Context(), marble.Cold("a-b-c-d-e"), w)
		require.ErrorIs(t, err, io.ErrClosedPipe)
		assert.ErrorContains(t, err, "sink: Lines: ")
		assert.Equal(t, 4*marble.Frame, time.Since(start), "ended at the item that could not be written")
	})
}
