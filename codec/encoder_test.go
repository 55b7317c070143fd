package codec_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

// encodable holds events and their encodings.
var encodable = []struct {
	name  string
	event codec.Event
	wire  string
}{
	{"data", codec.Event{Data: "x"}, "data: x\n\n"},
	{"default type", codec.Event{Type: "message", Data: "x"}, "data: x\n\n"},
	{"type", codec.Event{Type: "price", Data: "x"}, "event: price\ndata: x\n\n"},
	{"all fields", codec.Event{Type: "price", Data: "x", ID: "7", Retry: 2 * time.Second}, "event: price\nretry: 2000\ndata: x\nid: 7\n\n"},
	{"several lines", codec.Event{Data: "a\nb\n\nc"}, "data: a\ndata: b\ndata:\ndata: c\n\n"},
	{"line feeds only", codec.Event{Data: "\n\n"}, "data:\ndata:\ndata:\n\n"},
	{"line feed at the end", codec.Event{Data: "a\n"}, "data: a\ndata:\n\n"},
	{"empty message", codec.Event{Type: "message"}, "data:\n\n"},
	{"empty message of a type", codec.Event{Type: "done"}, "event: done\ndata:\n\n"},
	{"empty message with an id", codec.Event{Type: "message", ID: "7"}, "data:\nid: 7\n\n"},
	{"leading spaces", codec.Event{Type: " t", Data: " a\n  b", ID: " 7"}, "event:  t\ndata:  a\ndata:   b\nid:  7\n\n"},
	{"only a space", codec.Event{Data: " "}, "data:  \n\n"},
	{"colons", codec.Event{Type: ":", Data: ":a: b", ID: ":"}, "event: :\ndata: :a: b\nid: :\n\n"},
	{"data like a field", codec.Event{Data: "data: x\nevent: y\n\nid: 1"}, "data: data: x\ndata: event: y\ndata:\ndata: id: 1\n\n"},
	{"byte order mark", codec.Event{Data: "\uFEFFx"}, "data: \uFEFFx\n\n"},
	{"NUL in data", codec.Event{Data: "a\x00"}, "data: a\x00\n\n"},
	{"other line separators", codec.Event{Type: "\v\f\u0085\u2028", Data: "\v\f\u0085\u2028", ID: "\u2029"}, "event: \v\f\u0085\u2028\ndata: \v\f\u0085\u2028\nid: \u2029\n\n"},
	{"replacement character", codec.Event{Data: "\uFFFD"}, "data: \uFFFD\n\n"},
	{"id", codec.Event{ID: "7"}, "id: 7\n\n"},
	{"id and retry", codec.Event{ID: "7", Retry: time.Millisecond}, "retry: 1\nid: 7\n\n"},
	{"retry", codec.Event{Retry: 3 * time.Second}, "retry: 3000\n\n"},
	{"retry of zero", codec.Event{Retry: codec.RetryZero}, "retry: 0\n\n"},
	{"message with a retry of zero", codec.Event{Type: "message", Data: "x", Retry: codec.RetryZero}, "retry: 0\ndata: x\n\n"},
	{"largest retry", codec.Event{Retry: 9223372036854 * time.Millisecond}, "retry: 9223372036854\n\n"},
	{"heartbeat", codec.Event{}, ":\n\n"},
	{"comment", codec.Event{Comment: "ping"}, ":ping\n\n"},
	{"comment with a space", codec.Event{Comment: " ping"}, ": ping\n\n"},
	{"comment with a byte order mark and NUL", codec.Event{Comment: "\uFEFF\x00"}, ":\uFEFF\x00\n\n"},
}

// refused holds events that the format cannot carry, and the field that is at fault.
var refused = []struct {
	name  string
	event codec.Event
	field string
}{
	{"LF in type", codec.Event{Type: "a\ndata: injected", Data: "x"}, "event"},
	{"CR in type", codec.Event{Type: "a\r", Data: "x"}, "event"},
	{"NUL in type", codec.Event{Type: "a\x00", Data: "x"}, "event"},
	{"invalid UTF-8 in type", codec.Event{Type: "\xff", Data: "x"}, "event"},
	{"LF in id", codec.Event{ID: "1\n\ndata: injected", Data: "x"}, "id"},
	{"CR in id", codec.Event{ID: "1\r", Data: "x"}, "id"},
	{"NUL in id", codec.Event{ID: "1\x00", Data: "x"}, "id"},
	{"invalid UTF-8 in id", codec.Event{ID: "\xed\xa0\x80"}, "id"},
	{"CR in data", codec.Event{Data: "a\rb"}, "data"},
	{"CRLF in data", codec.Event{Data: "a\r\nb"}, "data"},
	{"invalid UTF-8 in data", codec.Event{Data: "a\xe2\x82"}, "data"},
	{"LF in comment", codec.Event{Comment: "a\ndata: injected"}, "comment"},
	{"CR in comment", codec.Event{Comment: "a\r"}, "comment"},
	{"invalid UTF-8 in comment", codec.Event{Comment: "\xc0\x80"}, "comment"},
	{"comment and data", codec.Event{Comment: "a", Data: "x"}, "comment"},
	{"comment and type", codec.Event{Comment: "a", Type: "message"}, "comment"},
	{"comment and id", codec.Event{Comment: "a", ID: "1"}, "comment"},
	{"comment and retry", codec.Event{Comment: "a", Retry: time.Second}, "comment"},
	{"negative retry", codec.Event{Retry: -time.Millisecond}, "retry"},
	{"retry under a millisecond", codec.Event{Data: "x", Retry: time.Microsecond}, "retry"},
	{"retry between milliseconds", codec.Event{Retry: time.Second + time.Nanosecond}, "retry"},
}

func TestAppendEvent(t *testing.T) {
	for _, test := range encodable {
		t.Run(test.name, func(t *testing.T) {
			got, err := codec.AppendEvent([]byte("before"), test.event)
			require.NoError(t, err)
			assert.Equal(t, "before"+test.wire, string(got))
			assert.Equal(t, test.wire, test.event.String())
			assert.True(t, representable(test.event), "the fuzz target's oracle")
		})
	}
}

func TestAppendEventRefuses(t *testing.T) {
	for _, test := range refused {
		t.Run(test.name, func(t *testing.T) {
			dst := []byte("before")
			got, err := codec.AppendEvent(dst, test.event)
			assert.Equal(t, "before", string(got))
			var refusal *codec.EncodeError
			require.ErrorAs(t, err, &refusal)
			assert.Equal(t, test.field, refusal.Field)
			assert.True(t, strings.HasPrefix(err.Error(), "codec: cannot encode event: "+test.field+" "), err.Error())
			assert.NotContains(t, err.Error(), "injected")
			assert.Equal(t, "("+err.Error()+")", test.event.String())
			assert.False(t, representable(test.event), "the fuzz target's oracle")
		})
	}
}

// A line end or NUL is refused anywhere in a type, an ID or a comment: it would let the
// value start another field.
func TestInjectionIsRefused(t *testing.T) {
	for name, event := range map[string]func(s string) codec.Event{
		"event":   func(s string) codec.Event { return codec.Event{Type: s, Data: "x"} },
		"id":      func(s string) codec.Event { return codec.Event{ID: s, Data: "x"} },
		"comment": func(s string) codec.Event { return codec.Event{Comment: s} },
	} {
		for _, bad := range []string{"\n", "\r", "\x00"} {
			if name == "comment" && bad == "\x00" {
				continue // the format can carry it there
			}
			for _, s := range []string{bad, bad + "a", "a" + bad + "b", "a" + bad, bad + bad} {
				got, err := codec.AppendEvent([]byte("before"), event(s))
				var refusal *codec.EncodeError
				require.ErrorAs(t, err, &refusal, "%s %q", name, s)
				assert.Equal(t, name, refusal.Field)
				assert.Equal(t, "before", string(got))
			}
		}
	}
	for _, s := range []string{"\r", "\ra", "a\r"} {
		_, err := codec.AppendEvent(nil, codec.Event{Data: s})
		assert.Error(t, err, "%q", s)
	}
}

func TestEncoder(t *testing.T) {
	var got writes
	enc := codec.NewEncoder(&got)
	large := strings.Repeat("x", 100_000)
	require.NoError(t, enc.Encode(codec.Event{Data: "a\nb"}))
	require.Error(t, enc.Encode(codec.Event{Data: "a\r"}))
	require.NoError(t, enc.Encode(codec.Event{Data: large}))
	require.NoError(t, enc.Encode(codec.Event{}))
	assert.Equal(t, writes{"data: a\ndata: b\n\n", "data: " + large + "\n\n", ":\n\n"}, got)
}

func TestEncoderReturnsWriterError(t *testing.T) {
	broken := errors.New("broken pipe")
	enc := codec.NewEncoder(failingWriter{broken})
	assert.Same(t, broken, enc.Encode(codec.Event{Data: "x"}))
}

func TestEncoderNoticesAShortWrite(t *testing.T) {
	enc := codec.NewEncoder(shortWriter{})
	require.NoError(t, enc.Encode(codec.Event{Data: "x"}))
	assert.Same(t, io.ErrShortWrite, enc.Encode(codec.Event{Data: "xy"}))
}

// A shortWriter writes at most nine bytes per call, the length of an event with one byte.
type shortWriter struct{}

func (shortWriter) Write(p []byte) (int, error) { return min(len(p), 9), nil }

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }
