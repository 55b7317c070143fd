package codec_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

// A loop reader returns the stream over and over.
type loop struct {
	stream []byte
	at     int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.stream[l.at:])
	l.at = (l.at + n) % len(l.stream)
	return n, nil
}

func TestAllocationsPerEvent(t *testing.T) {
	for _, corpus := range corpora {
		t.Run(corpus.name, func(t *testing.T) {
			for _, lineEnd := range []string{"\n", "\r\n", "\r"} {
				stream, events := corpusOf(corpus.event, lineEnd)
				scan := codec.NewDecoder(&loop{stream: stream})
				next := codec.NewDecoder(&loop{stream: stream})
				for range events { // buffers and types
					require.True(t, scan.Scan())
					_, err := next.Next()
					require.NoError(t, err)
				}
				const runs = 200
				assert.Zero(t, testing.AllocsPerRun(runs, func() { scan.Scan() }), "Scan")
				assert.LessOrEqual(t, testing.AllocsPerRun(runs, func() { next.Next() }), 1.0, "Next") //nolint:errcheck // the stream never ends
			}
			enc, event := codec.NewEncoder(io.Discard), corpus.event(1)
			assert.Zero(t, testing.AllocsPerRun(100, func() { enc.Encode(event) }), "Encode") //nolint:errcheck // never fails
		})
	}
}

// An event whose ID and data lie far apart costs one allocation, too.
func TestAllocationsOfDistantID(t *testing.T) {
	stream := "id: 7\n:" + strings.Repeat("x", 100) + "\ndata: " + strings.Repeat("y", 100) + "\n\n"
	d := codec.NewDecoder(&loop{stream: []byte(strings.Repeat(stream, 50))})
	for range 1000 {
		require.True(t, d.Scan())
	}
	assert.LessOrEqual(t, testing.AllocsPerRun(200, func() { d.Next() }), 1.0) //nolint:errcheck // the stream never ends
}

// TestTypesAreInterned uses more types than the table holds, and one that is too long for
// it.
func TestTypesAreInterned(t *testing.T) {
	var stream bytes.Buffer
	enc := codec.NewEncoder(&stream)
	var want []string
	for i := range 500 {
		typ := string(rune('a'+i%26)) + string(bytes.Repeat([]byte{'x'}, i%90))
		want = append(want, typ)
		require.NoError(t, enc.Encode(codec.Event{Type: typ, Data: "x"}))
	}
	var got []string
	for e, err := range codec.NewDecoder(&stream).Events() {
		require.NoError(t, err)
		got = append(got, e.Type)
	}
	assert.Equal(t, want, got)
}

// TestEventsOwnTheirStrings keeps all events of a stream that goes through the buffer
// many times.
func TestEventsOwnTheirStrings(t *testing.T) {
	for _, corpus := range corpora {
		stream, events := corpusOf(corpus.event, "\n")
		var got []codec.Event
		for e, err := range codec.NewDecoder(&cutReader{stream: stream, sizes: []int{1460, 7, 16384}}).Events() {
			require.NoError(t, err)
			got = append(got, e)
		}
		require.Len(t, got, events)
		for i, e := range got {
			want := corpus.event(i)
			if want.Type == "" {
				want.Type = codec.DefaultType
			}
			require.Equal(t, want, e)
		}
	}
}
