package codec

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSequence(t *testing.T) {
	tests := []struct {
		name    string
		bytes   string
		n, need int
	}{
		{"ASCII", "a", 1, 1},
		{"continuation byte", "\x80", 1, 0},
		{"overlong lead", "\xc1\x80", 1, 0},
		{"lead beyond U+10FFFF", "\xf5\x80", 1, 0},
		{"two bytes", "\u00e9x", 2, 2},
		{"three bytes", "\u20acx", 3, 3},
		{"four bytes", "\U0001f600x", 4, 4},
		{"one of two", "\xc3", 1, 2},
		{"two of three", "\xe2\x82", 2, 3},
		{"three of four", "\xf0\x9f\x98x", 3, 4},
		{"overlong of three", "\xe0\x9f\x80", 1, 3},
		{"shortest of three", "\xe0\xa0\x80", 3, 3},
		{"last before the surrogates", "\xed\x9f\xbf", 3, 3},
		{"surrogate", "\xed\xa0\x80", 1, 3},
		{"overlong of four", "\xf0\x8f\xbf\xbf", 1, 4},
		{"shortest of four", "\xf0\x90\x80\x80", 4, 4},
		{"last character", "\xf4\x8f\xbf\xbf", 4, 4},
		{"beyond U+10FFFF", "\xf4\x90\x80\x80", 1, 4},
		{"only the second byte has its own range", "\xe0\xa0\x80", 3, 3},
		{"third byte", "\xf4\x8f\xc0", 2, 4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n, need := sequence([]byte(test.bytes))
			assert.Equal(t, test.n, n, "bytes")
			assert.Equal(t, test.need, need, "of")
		})
	}
}

// TestAppendValid compares the valid parts of the result with the standard library's, and
// its length with the bound that the buffer relies on.
func TestAppendValid(t *testing.T) {
	for first := range 256 {
		for second := range 256 {
			p := []byte{'a', byte(first), byte(second), 0x80, 'b'}
			got := appendValid(nil, p)
			require.True(t, utf8.Valid(got), "%x", p)
			require.Equal(t, utf8.Valid(p), bytes.Equal(got, p), "%x", p)
			require.LessOrEqual(t, len(got), expansion*len(p))
			require.Equal(t, strings.ToValidUTF8(string(p), ""), strings.ReplaceAll(string(got), replacement, ""))
		}
	}
}

func TestUnfinished(t *testing.T) {
	tests := []struct {
		name, bytes string
		want        int
	}{
		{"nothing", "", 0},
		{"ASCII", "abc", 0},
		{"complete", "a\u20ac", 0},
		{"one of two", "a\xc3", 1},
		{"two of three", "a\xe2\x82", 2},
		{"three of four", "a\xf0\x9f\x98", 3},
		{"one of four", "\u20ac\xf0", 1},
		{"cannot be completed", "a\xe0\x80", 0},
		{"continuation bytes", "\x80\x80\x80\x80", 0},
		{"lead of nothing", "\xff", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, unfinished([]byte(test.bytes)))
		})
	}
}

// A read may return only the beginning of a character, just after the decoder has moved its
// text to the beginning of the buffer.
func TestCharacterInPiecesAfterAnEvent(t *testing.T) {
	for name, pieces := range map[string][]string{
		"in a value":      {"data: a\n\ndata: ", "\xe2", "\x82", "\xac\n\n"},
		"begins a line":   {"data: a\n\n", "\xe2", "\x82\xac: ignored\ndata: \u20ac\n\n"},
		"after a CR":      {"data: a\r\rdata: ", "\xe2", "\x82\xac\r\r"},
		"after a comment": {"data: a\n\n: comment\ndata: ", "\xe2\x82", "\xac\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var readers []io.Reader
			for _, piece := range pieces {
				readers = append(readers, strings.NewReader(piece))
			}
			d := NewDecoder(io.MultiReader(readers...))
			for _, want := range []string{"a", "\u20ac"} {
				e, err := d.Next()
				require.NoError(t, err)
				assert.Equal(t, want, e.Data)
			}
			_, err := d.Next()
			assert.Equal(t, io.EOF, err)
		})
	}
}
