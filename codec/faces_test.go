package codec_test

import (
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

// A cutReader returns a stream in pieces of the given sizes, over and over, or at once if
// there are none. It counts the bytes that it has returned.
type cutReader struct {
	stream []byte
	sizes  []int
	given  int
	ends   []int // given after each read
}

func (r *cutReader) Read(p []byte) (int, error) {
	if r.given == len(r.stream) {
		return 0, io.EOF
	}
	piece := r.stream[r.given:]
	if len(r.sizes) > 0 {
		piece = piece[:min(r.sizes[len(r.ends)%len(r.sizes)], len(piece))]
	}
	n := copy(p, piece)
	r.given += n
	r.ends = append(r.ends, r.given)
	return n, nil
}

func (s setup) options() []codec.DecoderOption {
	opts := []codec.DecoderOption{codec.WithLastEventID(s.lastEventID)}
	if s.comments {
		opts = append(opts, codec.WithComments(true))
	}
	if s.retryEvents {
		opts = append(opts, codec.WithRetryEvents(true))
	}
	if s.limit > 0 {
		opts = append(opts, codec.WithMaxEventSize(s.limit))
	}
	return opts
}

// faces are the ways to read a decoder to its end.
var faces = map[string]func(d *codec.Decoder, r *cutReader) result{
	"Next": func(d *codec.Decoder, r *cutReader) (res result) {
		for {
			e, err := d.Next()
			if err != nil {
				res.Err = err
				return res
			}
			res.Events, res.At = append(res.Events, e), append(res.At, r.given)
		}
	},
	"Events": func(d *codec.Decoder, r *cutReader) (res result) {
		res.Err = io.EOF
		for e, err := range d.Events() {
			if err != nil {
				res.Err = err
				continue
			}
			res.Events, res.At = append(res.Events, e), append(res.At, r.given)
		}
		return res
	},
	"Scan": func(d *codec.Decoder, r *cutReader) (res result) {
		for d.Scan() {
			v := d.View()
			res.Events = append(res.Events, codec.Event{
				Type: string(v.Type), Data: string(v.Data), ID: string(v.ID),
				Retry: v.Retry, Comment: string(v.Comment),
			})
			res.At = append(res.At, r.given)
		}
		if res.Err = d.Err(); res.Err == nil {
			res.Err = io.EOF
		}
		return res
	},
}

// decode reads stream, cut into pieces, through one face.
func decode(face string, stream []byte, sizes []int, s setup) result {
	r := &cutReader{stream: stream, sizes: sizes}
	d := codec.NewDecoder(r, s.options()...)
	res := faces[face](d, r)
	res.Reads = r.ends
	res.LastID = d.LastEventID()
	res.Retry, res.HasRetry = d.Retry()
	return res
}

// requireSame compares what a decoder made of a stream cut into pieces with what it should
// make of it, and checks that each event was delivered on the read that completed it.
func requireSame(t *testing.T, want, got result, stream []byte, sizes []int, face string) {
	t.Helper()
	context := []any{"stream %.500q in pieces of %v by %s", stream, sizes, face}
	require.Equal(t, want.Events, got.Events, context...)
	require.Equal(t, want.Err, got.Err, context...)
	require.Equal(t, want.LastID, got.LastID, context...)
	require.Equal(t, want.Retry, got.Retry, context...)
	require.Equal(t, want.HasRetry, got.HasRetry, context...)
	if len(got.Reads) == 0 {
		return
	}
	for i, at := range want.At {
		completed, _ := slices.BinarySearch(got.Reads, at)
		require.Equal(t, got.Reads[completed], got.At[i], context...)
	}
}

// cuts returns the ways in which tests cut a stream: into small pieces, and once at each
// place in turn. In a long stream it takes only places next to a byte that may end a name,
// a value or a line, and one in seven or 67 of the others: both are prime, so all parts of
// characters occur.
func cuts(stream []byte) [][]int {
	const long = 1 << 10
	n := len(stream)
	all := [][]int{nil, {1}, {2}, {3}, {5, 1, 2}}
	for i := 1; i < n; i++ {
		if n <= long || n <= 8*long && i%7 == 0 || i%67 == 0 || isSpecial(stream[i-1]) || isSpecial(stream[i]) {
			all = append(all, []int{i, n})
		}
	}
	return all
}

// isSpecial reports whether a decoder may treat c differently from a letter.
func isSpecial(c byte) bool {
	return c == '\n' || c == '\r' || c == ':' || c == 0
}

func TestFacesShareOneStream(t *testing.T) {
	r := &cutReader{stream: []byte("data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n")}
	d := codec.NewDecoder(r)
	e, err := d.Next()
	require.NoError(t, err)
	assert.Equal(t, "1", e.Data)
	for e, err := range d.Events() {
		require.NoError(t, err)
		assert.Equal(t, "2", e.Data)
		break
	}
	require.True(t, d.Scan())
	assert.Equal(t, "3", string(d.View().Data))
	for e, err := range d.Events() {
		require.NoError(t, err)
		assert.Equal(t, "4", e.Data)
	}
	_, err = d.Next()
	assert.Equal(t, io.EOF, err, "io.EOF itself, not wrapped")
}

func TestErrorStays(t *testing.T) {
	broken := errors.New("connection reset")
	failing := io.MultiReader(&cutReader{stream: []byte("data: 1\n\ndata: 2\n\ndata: 3\n")}, errorReader{broken})
	d := codec.NewDecoder(failing)
	for _, want := range []string{"1", "2"} {
		e, err := d.Next()
		require.NoError(t, err)
		assert.Equal(t, want, e.Data)
	}
	for range 3 {
		e, err := d.Next()
		assert.Zero(t, e)
		assert.Same(t, broken, err)
		assert.False(t, d.Scan())
		assert.Same(t, broken, d.Err())
	}
	pairs := 0
	for e, err := range d.Events() {
		pairs++
		assert.Zero(t, e)
		assert.Same(t, broken, err)
	}
	assert.Equal(t, 1, pairs)
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }
