package codec_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

func TestUnterminated(t *testing.T) {
	for name, c := range map[string]struct {
		stream string
		want   codec.Event // zero: none
		lastID string
	}{
		"no blank line":        {"id: 1\ndata: a\n\nid: 2\ndata: b\n", codec.Event{Type: "message", ID: "2", Data: "b"}, "1"},
		"no line end":          {"id: 1\ndata: a\n\ndata: b", codec.Event{Type: "message", ID: "1", Data: "b"}, "1"},
		"half a line end":      {"data: a\r\n\r\ndata: b\r", codec.Event{Type: "message", Data: "b"}, ""},
		"several lines":        {"event: e\ndata: a\ndata: b\nretry: 0\n", codec.Event{Type: "e", Data: "a\nb", Retry: codec.RetryZero}, ""},
		"data lines, cut off":  {"id: 7\ndata: a\n\ndata: b\ndata: c", codec.Event{Type: "message", ID: "7", Data: "b\nc"}, "7"},
		"an empty data line":   {"data\n", codec.Event{Type: "message"}, ""},
		"half a character":     {"data: \xe2\x82", codec.Event{Type: "message", Data: "\uFFFD"}, ""},
		"half an id":           {"data: b\nid: 3", codec.Event{Type: "message", Data: "b", ID: "3"}, ""},
		"complete":             {"data: a\n\n", codec.Event{}, ""},
		"nothing":              {"", codec.Event{}, ""},
		"a type alone":         {"event: e\n", codec.Event{}, ""},
		"an id alone":          {"data: a\n\nid: 2\n", codec.Event{}, ""},
		"a comment":            {": ping", codec.Event{}, ""},
		"a change of the time": {"retry: 10\n", codec.Event{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.stream), iotest.OneByteReader(strings.NewReader(c.stream)), iotest.DataErrReader(strings.NewReader(c.stream))} {
				d := codec.NewDecoder(r, codec.WithComments(true), codec.WithRetryEvents(true))
				_, ok := d.Unterminated()
				assert.False(t, ok, "the stream has not ended")
				for range d.Events() {
				}
				for range 2 {
					e, ok := d.Unterminated()
					assert.Equal(t, c.want, e)
					assert.Equal(t, c.want != codec.Event{}, ok)
					assert.Equal(t, c.lastID, d.LastEventID(), "stays")
				}
				_, err := d.Next()
				assert.Equal(t, io.EOF, err)
			}
		})
	}
	t.Run("broken", func(t *testing.T) {
		broken := errors.New("broken")
		d := codec.NewDecoder(io.MultiReader(strings.NewReader("data: a\ndata: b"), iotest.ErrReader(broken)))
		_, err := d.Next()
		require.Equal(t, broken, err)
		e, ok := d.Unterminated()
		assert.True(t, ok)
		assert.Equal(t, "a\nb", e.Data)
		assert.Equal(t, broken, d.Err())
	})
	t.Run("too large", func(t *testing.T) {
		d := codec.NewDecoder(strings.NewReader("data: 0123456789\n"), codec.WithMaxEventSize(5))
		_, err := d.Next()
		var tooLarge *codec.SizeError
		require.ErrorAs(t, err, &tooLarge)
		_, ok := d.Unterminated()
		assert.False(t, ok)
	})
}

// After any prefix, Unterminated returns the event that a line end and a blank line would
// complete.
func TestUnterminatedOfEveryPrefix(t *testing.T) {
	for _, v := range readVectors(t) {
		if len(v.stream) > 1000 {
			continue
		}
		opts := v.setup.options()
		for n := range len(v.stream) + 1 {
			cut := codec.NewDecoder(strings.NewReader(string(v.stream[:n])), opts...)
			completed := codec.NewDecoder(strings.NewReader(string(v.stream[:n])+"\n\n"), opts...)
			undisturbed := codec.NewDecoder(strings.NewReader(string(v.stream[:n])), opts...)
			for range undisturbed.Events() {
			}
			for range cut.Events() {
				_, err := completed.Next()
				require.NoError(t, err)
			}
			if cut.Err() != nil {
				continue
			}
			want, err := completed.Next()
			got, ok := cut.Unterminated()
			require.Equal(t, undisturbed.LastEventID(), cut.LastEventID(), "%q", v.stream[:n])
			require.Equal(t, want, got, "%q", v.stream[:n])
			require.Equal(t, err == nil, ok, "%q", v.stream[:n])
		}
	}
}
