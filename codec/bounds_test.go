package codec_test

import (
	"bufio"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

// An endless reader returns head once and body forever, up to max bytes.
type endless struct {
	head, body string
	given, max int
	atRead     func()
}

func (r *endless) Read(p []byte) (int, error) {
	if r.atRead != nil {
		r.atRead()
	}
	n := 0
	for n < len(p) {
		if r.given >= r.max {
			return n, io.EOF
		}
		rest := r.head
		if r.given >= len(r.head) {
			rest = r.body[(r.given-len(r.head))%len(r.body):]
		} else {
			rest = rest[r.given:]
		}
		c := copy(p[n:], rest)
		n += c
		r.given += c
	}
	return n, nil
}

// TestMemory feeds the decoder endless streams and measures all its allocations, which is
// more than it ever holds at once: they include the garbage of its smaller buffers.
func TestMemory(t *testing.T) {
	const limit = 2 << 20
	tests := []struct {
		name       string
		head, body string
		opts       []codec.DecoderOption
		field      string  // that exceeds the limit, empty if none does
		held       float64 // at most, in limits, with all garbage
	}{
		{name: "data line", head: "data: ", body: "x", field: "data", held: 2},
		{name: "data lines", body: "data: 0123456789\n", field: "data", held: 2},
		{name: "empty data lines", body: "data\n", field: "data", held: 2},
		{name: "data lines and CRLF", body: "data: 0123456789\r\n", field: "data", held: 2},
		{name: "data lines between others", head: "event: x\n", body: "data: 0123456789\n: comment\nid: 1\nevent: y\n", field: "data", held: 2},
		{name: "type line", head: "data: x\nevent: ", body: "x", field: "event", held: 2},
		{name: "id line", head: "data: x\nid: ", body: "x", field: "id", held: 2},
		{name: "retry line", head: "data: x\nretry: ", body: "0", field: "retry", held: 2},
		{name: "data of invalid bytes", head: "data: ", body: "\xff", field: "data", held: 2},
		{name: "data lines of invalid bytes", body: "data: \xf0\x9f\x98\xff\n", field: "data", held: 2},
		{name: "comment line asked for", opts: []codec.DecoderOption{codec.WithComments(true)}, head: ":", body: "x", field: "comment", held: 2},
		{name: "comment line", head: ":", body: "x", held: 0.1},
		{name: "comment lines", body: ": 0123456789\n", held: 0.1},
		{name: "comment lines in a block", head: "data: x\n", body: ": 0123456789\n", held: 0.1},
		{name: "unknown line", head: "unknown: ", body: "x", held: 0.1},
		{name: "unknown line of invalid bytes", head: "unknown: ", body: "\xff", held: 0.1},
		{name: "name without an end", body: "x", held: 0.1},
		{name: "unknown lines", body: "unknown: 0123456789\n", held: 0.1},
		{name: "id lines", body: "id: 0123456789\n", held: 0.1},
		{name: "type lines", body: "event: 0123456789\n", held: 0.1},
		{name: "retry lines", body: "retry: 0123456789\n", held: 0.1},
		{name: "blocks of an id", body: "id: " + strings.Repeat("x", limit/2-10) + "\n\n", field: "id", held: 2},
		{name: "blocks that leave long IDs and types behind", body: "\n", head: "event: " + strings.Repeat("x", limit/4-10) + "\n\nid: " + strings.Repeat("x", limit/4-10) +
			"\n\nid: " + strings.Repeat("y", limit/4-10) + "\n\ndata: " + strings.Repeat("x", limit/2) + "\n\n", held: 2.1},
		{name: "blank lines", body: "\n", held: 0.1},
		{name: "blank lines of CR", body: "\r", held: 0.1},
		{name: "blocks of a short id", body: "id: 0123456789\n\n", held: 0.1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var before, now runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			most := uint64(0)
			reads := 0
			r := &endless{head: test.head, body: strings.Repeat(test.body, 1+4096/len(test.body)), max: 6 * limit, atRead: func() {
				if reads++; reads%16 == 0 {
					runtime.ReadMemStats(&now)
					most = max(most, now.TotalAlloc-before.TotalAlloc)
				}
			}}
			d := codec.NewDecoder(r, append(test.opts, codec.WithMaxEventSize(limit))...)
			for d.Scan() {
			}
			runtime.ReadMemStats(&now)
			most = max(most, now.TotalAlloc-before.TotalAlloc)

			if test.field == "" {
				require.NoError(t, d.Err())
				require.GreaterOrEqual(t, r.given, r.max)
			} else {
				var tooLarge *codec.SizeError
				require.ErrorAs(t, d.Err(), &tooLarge)
				assert.Equal(t, limit, tooLarge.Limit)
				assert.Equal(t, test.field, tooLarge.Field)
			}
			assert.Less(t, float64(most)/limit, test.held, "allocated, in limits")
		})
	}
}

// TestSizeLimit has blocks of exactly the limit, and of one byte more.
func TestSizeLimit(t *testing.T) {
	tests := []struct {
		name   string
		stream string // up to the line that reaches the limit of 10
		field  string
		offset int64
	}{
		{"data", "data: 0123456789", "data", 0},
		{"data without a space", "data:0123456789", "data", 0},
		{"data lines and the LF between", "data: 0123\ndata: 56789", "data", 11},
		{"type and data", "event: 012\ndata: 6789", "data", 11},
		{"id and data", "id: 012\ndata: 6789", "data", 8},
		{"data and type", "data: 6789\nevent: 012", "event", 11},
		{"data and id", "data: 6789\nid: 012", "id", 11},
		{"data, type and id", "data: 01\nevent: 23\nid: 45", "id", 19},
		{"data and retry", "data: 0123\nretry: 456789", "retry", 11},
		{"type, id and retry", "event: 01\nid: 23\nretry: 45", "retry", 17},
		{"only the last type counts", "event: 01234\nevent: 01\nid: 234", "id", 23},
		{"only the last id counts", "id: 01234\nid: 01\nevent: 234", "event", 17},
		{"an id with NUL counts for its line", "id: 0123\x00", "id", 0},
		{"the last event ID counts", "id: 012\n\ndata: 6789", "data", 9},
		{"the last event ID and the next", "id: 012\n\nid: 01", "id", 9},
		{"others do not count", ": 0123456789abc\nunknown: 0123456789\ndata: 0123456789", "data", 36},
		{"the block before does not count", "data: 0123456789\nid: \n\ndata: 0123456789", "data", 23},
		{"characters are counted in bytes", "data: \u00e9123\U0001f600x", "data", 0},
		{"a replaced byte counts three", "data: \xff\xff\xff9", "data", 0},
		{"after a byte order mark", "\ufeffdata: 0123456789", "data", 3},
		{"after a replaced byte", ":\xff\ndata: 0123456789", "data", 5},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for face := range faces {
				for _, end := range []string{"\n\n", "\r\n\r\n", "\r\r", ""} {
					for _, size := range []int{1, 2, 3, 1000} {
						fits := []byte(test.stream + end)
						got := decode(face, fits, []int{size}, setup{limit: 10})
						require.Equal(t, io.EOF, got.Err, "%q", fits)

						tooLarge := []byte(test.stream + "x" + end)
						got = decode(face, tooLarge, []int{size}, setup{limit: 10})
						require.Equal(t, &codec.SizeError{Limit: 10, Offset: test.offset, Field: test.field}, got.Err, "%q", tooLarge)
					}
				}
			}
		})
	}
}

func TestSizeErrorComesAfterEvents(t *testing.T) {
	d := codec.NewDecoder(strings.NewReader("data: 1\n\ndata: 2\n\ndata: 0123456789\n\ndata: 3\n\n"), codec.WithMaxEventSize(5))
	for _, want := range []string{"1", "2"} {
		e, err := d.Next()
		require.NoError(t, err)
		assert.Equal(t, want, e.Data)
	}
	for range 2 {
		_, err := d.Next()
		require.EqualError(t, err, "codec: event exceeds the limit of 5 bytes in its data line at byte 18 of the stream; raise it with WithMaxEventSize if this is legitimate")
	}
}

// The offset counts from the beginning of the stream, not of the buffer.
func TestSizeErrorFarIntoTheStream(t *testing.T) {
	before := strings.Repeat("data: 1\n\n", 10_000)
	d := codec.NewDecoder(strings.NewReader(before+"data: 0123456789\n\n"), codec.WithMaxEventSize(5))
	for d.Scan() {
	}
	var tooLarge *codec.SizeError
	require.ErrorAs(t, d.Err(), &tooLarge)
	assert.EqualValues(t, len(before), tooLarge.Offset)
}

func TestDefaultMaxEventSize(t *testing.T) {
	const limit = 16 << 20
	for _, size := range []int{limit, limit + 1} {
		d := codec.NewDecoder(io.MultiReader(strings.NewReader("data:"), strings.NewReader(strings.Repeat("x", size)), strings.NewReader("\n\n")))
		if d.Scan() {
			assert.Equal(t, limit, size)
			assert.Len(t, d.View().Data, size)
			continue
		}
		var tooLarge *codec.SizeError
		require.ErrorAs(t, d.Err(), &tooLarge)
		assert.Equal(t, codec.SizeError{Limit: limit, Field: "data"}, *tooLarge)
		assert.Equal(t, limit+1, size)
	}
}

func TestMaxEventSizeMustBePositive(t *testing.T) {
	assert.PanicsWithValue(t, "codec: maximum event size must be at least 1 byte, got 0", func() { codec.WithMaxEventSize(0) })
}

func TestMaxEventSizeMayBeAnything(t *testing.T) {
	const most = int(^uint(0) >> 1)
	d := codec.NewDecoder(strings.NewReader("data: x\n\n"), codec.WithMaxEventSize(most))
	e, err := d.Next()
	require.NoError(t, err)
	assert.Equal(t, "x", e.Data)
}

// TestRoomForReplacements fills all the room of a read with bytes that become three each,
// and every other time ends with one that does so only at the next read.
func TestRoomForReplacements(t *testing.T) {
	for offset := range 6 {
		given, reads := "data: "+strings.Repeat("x", offset), 0
		d := codec.NewDecoder(readerFunc(func(p []byte) (int, error) {
			n := copy(p, given)
			given = given[n:]
			for i := n; i < len(p); i++ {
				p[i] = '\xff'
			}
			if reads++; reads%2 == 1 {
				p[len(p)-1] = '\xe2'
			}
			return len(p), nil
		}), codec.WithMaxEventSize(1<<20))
		require.False(t, d.Scan())
		var tooLarge *codec.SizeError
		require.ErrorAs(t, d.Err(), &tooLarge)
	}
}

// TestReaders uses readers that are unusual or violate the contract of io.Reader.
func TestReaders(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name string
		r    io.Reader
		data string // of the one event
		err  error
	}{
		{"returns the last bytes with io.EOF", readerFunc(func(p []byte) (int, error) { return copy(p, "data: x\n\n"), io.EOF }), "x", io.EOF},
		{"returns the last bytes with an error", readerFunc(func(p []byte) (int, error) { return copy(p, "data: x\n\n"), broken }), "x", broken},
		{"returns nothing forever", readerFunc(func([]byte) (int, error) { return 0, nil }), "", io.ErrNoProgress},
		{"returns a negative count", readerFunc(func([]byte) (int, error) { return -1, nil }), "", bufio.ErrBadReadCount},
		{"returns more than there is room for", readerFunc(func(p []byte) (int, error) { return len(p) + 1, nil }), "", bufio.ErrBadReadCount},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := codec.NewDecoder(test.r)
			if test.data != "" {
				e, err := d.Next()
				require.NoError(t, err)
				assert.Equal(t, test.data, e.Data)
			}
			_, err := d.Next()
			assert.Equal(t, test.err, err)
		})
	}
}

// A reader may return no bytes and no error 99 times in a row.
func TestEmptyReads(t *testing.T) {
	for _, row := range []struct {
		empty, events int
		err           error
	}{{99, 1, io.EOF}, {100, 0, io.ErrNoProgress}} {
		reads := 0
		d := codec.NewDecoder(readerFunc(func(p []byte) (int, error) {
			if reads++; reads <= row.empty {
				return 0, nil
			}
			return copy(p, "data: x\n\n"), io.EOF
		}))
		events := 0
		for d.Scan() {
			events++
		}
		_, err := d.Next()
		assert.Equal(t, row.err, err, "after %d empty reads", row.empty)
		assert.Equal(t, row.events, events)
	}
}

// A skipped line ends at its line end, whatever the reads in between begin with.
func TestSkippedLineInPieces(t *testing.T) {
	for _, line := range []string{": comment", "unknown: x"} {
		for _, rest := range []string{"data: 0123456789", "data", ": c", "\xff\xff\xff\xff\xff"} {
			d := codec.NewDecoder(io.MultiReader(strings.NewReader(line), strings.NewReader(rest), strings.NewReader(rest), strings.NewReader("\ndata: x\n\n")), codec.WithMaxEventSize(8))
			e, err := d.Next()
			require.NoError(t, err, "%q, %q", line, rest)
			assert.Equal(t, "x", e.Data)
		}
	}
}

// The beginning of a line counts only if it has a value.
func TestSizeOfNameInPieces(t *testing.T) {
	d := codec.NewDecoder(io.MultiReader(strings.NewReader("data: 0123456789\ndata"), strings.NewReader("x: y\n\n")), codec.WithMaxEventSize(10))
	e, err := d.Next()
	require.NoError(t, err)
	assert.Equal(t, "0123456789", e.Data)
}

// A read asks for at most 16 KiB, even in a large buffer.
func TestReadSize(t *testing.T) {
	most := 0
	r := strings.NewReader("data: " + strings.Repeat("x", 300_000) + "\n\n")
	d := codec.NewDecoder(readerFunc(func(p []byte) (int, error) {
		most = max(most, len(p))
		return r.Read(p)
	}))
	require.True(t, d.Scan())
	assert.Equal(t, 16<<10, most)
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
