package codec_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

// FuzzDecoder compares the decoder's faces with the reference on any stream, cut
// in any way: sizes are those of the reads, over and over.
func FuzzDecoder(f *testing.F) {
	for i, v := range readVectors(f) {
		f.Add(v.stream, []byte{byte(i % 7), byte(i % 3)}, byte(i), uint16(i%40))
	}
	f.Fuzz(func(t *testing.T, stream, sizes []byte, flags byte, limit uint16) {
		s := setup{comments: flags&1 != 0, retryEvents: flags&2 != 0, limit: int(limit)}
		if flags&4 != 0 {
			s.lastEventID = "initial"
		}
		pieces := make([]int, len(sizes))
		for i, size := range sizes {
			pieces[i] = int(size) + 1
		}
		want := reference(stream, s)
		for face := range faces {
			requireSame(t, want, decode(face, stream, pieces, s), stream, pieces, face)
		}
	})
}

// FuzzEncoder checks that exactly the events that the format cannot carry are refused, and
// that a refused event writes nothing.
func FuzzEncoder(f *testing.F) {
	for _, e := range encodable {
		f.Add(e.event.Type, e.event.Data, e.event.ID, e.event.Comment, int64(e.event.Retry))
	}
	for _, e := range refused {
		f.Add(e.event.Type, e.event.Data, e.event.ID, e.event.Comment, int64(e.event.Retry))
	}
	f.Fuzz(func(t *testing.T, typ, data, id, comment string, retry int64) {
		e := codec.Event{Type: typ, Data: data, ID: id, Comment: comment, Retry: time.Duration(retry)}
		const before = ": before\n\n"
		dst := append(make([]byte, 0, 64), before...)
		wire, err := codec.AppendEvent(dst, e)
		require.True(t, bytes.HasPrefix(wire, []byte(before)))
		wire = wire[len(before):]

		var sink writes
		encodeErr := codec.NewEncoder(&sink).Encode(e)
		require.Equal(t, err, encodeErr)

		if !representable(e) {
			var refusal *codec.EncodeError
			require.ErrorAs(t, err, &refusal)
			require.Empty(t, wire)
			require.Empty(t, sink)
			require.Equal(t, "("+err.Error()+")", e.String())
			return
		}
		require.NoError(t, err)
		require.Equal(t, writes{string(wire)}, sink, "one write")
		require.Equal(t, string(wire), e.String())
		require.Less(t, wire[0], byte(utf8.RuneSelf), "not mistaken for a byte order mark")
		require.True(t, bytes.HasSuffix(wire, []byte("\n\n")))
	})
}

// representable reports, by the grammar of the format, whether an encoder can write e so
// that it is read back unchanged.
func representable(e codec.Event) bool {
	for _, s := range []string{e.Type, e.Data, e.ID, e.Comment} {
		if !utf8.ValidString(s) {
			return false
		}
	}
	onlyComment := e == codec.Event{Comment: e.Comment}
	return (e.Comment == "" || onlyComment) &&
		!strings.ContainsAny(e.Type, "\r\n\x00") &&
		!strings.ContainsAny(e.ID, "\r\n\x00") &&
		!strings.ContainsAny(e.Data, "\r") &&
		!strings.ContainsAny(e.Comment, "\r\n") &&
		e.Retry >= 0 && (e.Retry == e.Retry.Truncate(time.Millisecond) || e.Retry == codec.RetryZero)
}

// FuzzRoundTrip writes two events and reads them back.
func FuzzRoundTrip(f *testing.F) {
	for i, e := range encodable {
		next := encodable[(i+1)%len(encodable)].event
		f.Add(e.event.Type, e.event.Data, e.event.ID, e.event.Comment, int64(e.event.Retry/time.Millisecond),
			next.Type, next.Data, next.ID, next.Comment, int64(next.Retry/time.Millisecond), byte(i))
	}
	f.Fuzz(func(t *testing.T, typ1, data1, id1, comment1 string, retry1 int64, typ2, data2, id2, comment2 string, retry2 int64, size byte) {
		events := []codec.Event{
			{Type: typ1, Data: data1, ID: id1, Comment: comment1, Retry: time.Duration(retry1) * time.Millisecond},
			{Type: typ2, Data: data2, ID: id2, Comment: comment2, Retry: time.Duration(retry2) * time.Millisecond},
		}
		var stream []byte
		var want []codec.Event
		lastID := ""
		for _, e := range events {
			wire, err := codec.AppendEvent(stream, e)
			if err != nil {
				require.Equal(t, stream, wire)
				require.False(t, representable(e))
				continue
			}
			stream = wire
			if e.ID != "" {
				lastID = e.ID
			}
			switch message := e.Type != "" || e.Data != ""; {
			case message && e.Type == "":
				e.Type = codec.DefaultType
				fallthrough
			case message, e.Retry != 0:
				e.ID = lastID
				want = append(want, e)
			case e.ID == "":
				want = append(want, e)
			}
		}
		s := setup{comments: true, retryEvents: true}
		for face := range faces {
			got := decode(face, stream, []int{int(size) + 1}, s)
			require.Equal(t, want, got.Events, "stream %.500q by %s", stream, face)
			require.Equal(t, lastID, got.LastID)
		}
	})
}

// writes records what each call of Write was given.
type writes []string

func (w *writes) Write(p []byte) (int, error) {
	*w = append(*w, string(p))
	return len(p), nil
}
