package sink_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/sink"
)

// just delivers items without a pause and completes.
func just[T any](items ...T) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			for _, v := range items {
				if ctx.Err() != nil {
					var zero T
					yield(zero, context.Cause(ctx))
					return
				}
				if !yield(v, nil) {
					return
				}
			}
		}
	}
}

type price float64

func (p price) String() string { return "€" + string('0'+rune(p)) }

func TestLinesPrintsItemsLikePrintln(t *testing.T) {
	var w bytes.Buffer
	require.NoError(t, sink.Lines(t.Context(), just[price](1, 2), &w))
	require.NoError(t, sink.Lines(t.Context(), just(1.5, 2), &w))
	require.NoError(t, sink.Lines(t.Context(), just("a b", ""), &w))
	assert.Equal(t, "€1\n€2\n1.5\n2\na b\n\n", w.String())
}

func TestNDJSON(t *testing.T) {
	type quote struct {
		Symbol string  `json:"symbol"`
		Price  float64 `json:"price,omitzero"`
	}
	var w bytes.Buffer
	require.NoError(t, sink.NDJSON(t.Context(), just(quote{"a\nb", 1.5}, quote{}), &w))
	assert.Equal(t, `{"symbol":"a\nb","price":1.5}`+"\n"+`{"symbol":""}`+"\n", w.String())
}

func TestWriteInAFormatOfItsOwn(t *testing.T) {
	var w bytes.Buffer
	events := just(codec.Event{Type: "message", Data: "a\nb", ID: "7"}, codec.Event{Type: "end"})
	require.NoError(t, sink.Write(t.Context(), events, &w, codec.AppendEvent))
	assert.Equal(t, "data: a\ndata: b\nid: 7\n\nevent: end\ndata: \n\n", strings.ReplaceAll(w.String(), "data:\n", "data: \n"))
}

// An item that cannot be formatted ends the stream after the items before it are written.
func TestWriteEndsAtAnItemItCannotFormat(t *testing.T) {
	var w bytes.Buffer
	events := just(codec.Event{Type: "message", Data: "good"}, codec.Event{Type: "bad\n", Data: "x"}, codec.Event{Type: "message", Data: "later"})
	err := sink.Write(t.Context(), events, &w, codec.AppendEvent)
	require.ErrorContains(t, err, "sink: Write: codec: ")
	assert.Equal(t, "data: good\n\n", w.String())
}

// A brokenWriter accepts n writes and then fails.
type brokenWriter struct{ n int }

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.n--; w.n < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestWritersErrorEndsTheStream(t *testing.T) {
	for name, to := range map[string]func(w io.Writer) sink.Sink[string]{
		"Lines":  func(w io.Writer) sink.Sink[string] { return sink.LinesTo[string](w) },
		"NDJSON": func(w io.Writer) sink.Sink[string] { return sink.NDJSONTo[string](w) },
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			err := to(&brokenWriter{n: 2})(t.Context(), marble.Cold("a-b-c-d-e"))
			require.ErrorIs(t, err, io.ErrClosedPipe)
			assert.ErrorContains(t, err, "sink: "+name+": ")
			assert.Equal(t, 4*marble.Frame, time.Since(start), "ended at the item that could not be written")
		})
	}
}

// A slowWriter needs a second for each write.
type slowWriter struct{ writes []string }

func (w *slowWriter) Write(p []byte) (int, error) {
	time.Sleep(time.Second)
	w.writes = append(w.writes, string(p))
	return len(p), nil
}

// A reader sees each item at once. A slow writer gets the items that arrive meanwhile in
// one write.
func TestLinesWritesWhatHasArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &slowWriter{}
		require.NoError(t, sink.Lines(t.Context(), marble.Cold("a-bcd----e|"), w))
		assert.Equal(t, []string{"a\n", "b\nc\nd\ne\n"}, w.writes)
	})
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		go func() { _ = sink.Lines(t.Context(), marble.Cold("a----b----|"), writer) }()
		start := time.Now()
		for i, want := range []string{"a\n", "b\n"} {
			got := make([]byte, 2)
			_, err := io.ReadFull(reader, got)
			require.NoError(t, err)
			assert.Equal(t, want, string(got))
			assert.Equal(t, time.Duration(5*i)*marble.Frame, time.Since(start))
		}
	})
}

// Each batch is flushed, through any wrappers of the connection.
func TestWriteFlushes(t *testing.T) {
	var flushed []string
	w := &flushRecorder{flushed: &flushed}
	for name, to := range map[string]io.Writer{
		"a buffer":                   bufio.NewWriter(w),
		"a response":                 responseWriter{Writer: bufio.NewWriter(w)},
		"a response in a middleware": middleware{responseWriter{Writer: bufio.NewWriter(w)}},
		"a writer with an old Flush": oldFlusher{bufio.NewWriter(w)},
	} {
		t.Run(name, func(t *testing.T) {
			flushed = nil
			synctest.Test(t, func(t *testing.T) {
				require.NoError(t, sink.Lines(t.Context(), marble.Cold("a-b|"), to))
			})
			assert.Equal(t, []string{"a\n", "b\n"}, flushed)
		})
	}
	t.Run("an error of Flush", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			err := sink.Lines(t.Context(), marble.Cold("a-b|"), bufio.NewWriter(&brokenWriter{}))
			require.ErrorIs(t, err, io.ErrClosedPipe)
		})
	})
	t.Run("a response that cannot", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var body bytes.Buffer
			require.NoError(t, sink.Lines(t.Context(), marble.Cold("a-b|"), struct{ http.ResponseWriter }{responseWriter{Writer: bufio.NewWriter(&body)}}))
		})
	})
}

// A flushRecorder records its flushes.
type flushRecorder struct{ flushed *[]string }

func (w *flushRecorder) Write(p []byte) (int, error) {
	*w.flushed = append(*w.flushed, string(p))
	return len(p), nil
}

type responseWriter struct{ *bufio.Writer }

func (responseWriter) Header() http.Header { return http.Header{} }
func (responseWriter) WriteHeader(int)     {}
func (w responseWriter) FlushError() error { return w.Flush() }

type middleware struct{ http.ResponseWriter }

func (m middleware) Unwrap() http.ResponseWriter { return m.ResponseWriter }

type oldFlusher struct{ w *bufio.Writer }

func (f oldFlusher) Write(p []byte) (int, error) { return f.w.Write(p) }
func (f oldFlusher) Flush()                      { _ = f.w.Flush() }

// Write reuses its buffer, unless one large item has made it larger than 1 MiB.
func TestWriteKeepsNoLargeBuffer(t *testing.T) {
	for size, kept := range map[int]int{1 << 10: 1 << 10, 1 << 20: 1 << 20, 1<<20 + 1: 0} {
		synctest.Test(t, func(t *testing.T) {
			var given []int
			err := sink.Write(t.Context(), marble.Cold("a-b|"), io.Discard, func(dst []byte, _ string) ([]byte, error) {
				given = append(given, cap(dst))
				return make([]byte, size), nil
			})
			require.NoError(t, err)
			assert.Equal(t, []int{0, kept}, given)
		})
	}
}

// A shortWriter writes less than it is given, without an error.
type shortWriter struct{}

func (shortWriter) Write(p []byte) (int, error) { return len(p) - 1, nil }

func TestShortWriteIsAnError(t *testing.T) {
	require.ErrorIs(t, sink.Lines(t.Context(), just("a"), shortWriter{}), io.ErrShortWrite)
}

func TestForEachBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		err := sink.ForEachBatch(t.Context(), just(make([]int, 1000)...), func(items []int) error {
			time.Sleep(time.Second)
			sizes = append(sizes, len(items))
			return nil
		})
		require.NoError(t, err)
		total := 0
		for _, n := range sizes {
			assert.LessOrEqual(t, n, 256)
			total += n
		}
		assert.Equal(t, 1000, total)
	})
	errFull := errors.New("full")
	err := sink.ForEachBatch(t.Context(), just(1, 2, 3), func([]int) error { return errFull })
	assert.Equal(t, errFull, err)
}

func BenchmarkLines(b *testing.B) {
	lines := make([]string, 1000)
	for i := range lines {
		lines[i] = strings.Repeat("x", 200)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := sink.Lines(b.Context(), just(lines...), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/item")
}
