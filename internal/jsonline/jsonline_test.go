package jsonline

import (
	"bytes"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type reading struct {
	Name  string
	Value float64
}

// Lines are the results of json.Marshal for each item, even after one of any size that cannot
// be encoded.
func TestFormat(t *testing.T) {
	format := Format[reading]()
	text := []byte("before\n")
	want := []byte("before\n")
	for _, item := range []reading{
		{"a", 1},
		{"two\nlines", 2},
		{strings.Repeat("long ", 100_000), math.Inf(1)}, // which JSON cannot represent
		{"b", math.NaN()},
		{strings.Repeat("long ", 100_000), 3},
		{"ü 🚀", 4},
	} {
		line, err := json.Marshal(item)
		got, formatErr := format(text, item)
		if err != nil {
			require.ErrorContains(t, formatErr, "unsupported value")
			assert.Equal(t, len(text), len(got), "nothing of it")
			continue
		}
		require.NoError(t, formatErr)
		text = got
		want = append(append(want, line...), '\n')
	}
	assert.True(t, bytes.Equal(want, text), "%.100q", text)
}

func TestFormatOfPointersAndInterfaces(t *testing.T) {
	got, err := Format[*reading]()(nil, nil)
	require.NoError(t, err)
	assert.Equal(t, "null\n", string(got))
	got, err = Format[any]()(nil, []int{1, 2})
	require.NoError(t, err)
	assert.Equal(t, "[1,2]\n", string(got))
}

func TestFormatAllocatesNothing(t *testing.T) {
	format := Format[reading]()
	buf := make([]byte, 0, 1024)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := format(buf, reading{"a", 1.5}); err != nil {
			t.Error(err)
		}
	}))
}

// A touchy value panics, or exits its goroutine, while it is encoded.
type touchy struct {
	Before int
	Fuse   fuse
}

type fuse string

func (f fuse) MarshalJSONTo(encoder *jsontext.Encoder) error {
	if f == "" {
		return encoder.WriteToken(jsontext.Null)
	}
	_ = encoder.WriteToken(jsontext.BeginObject)
	if f == "exit" {
		runtime.Goexit()
	}
	panic(string(f))
}

type oldFuse string

func (f oldFuse) MarshalJSON() ([]byte, error) {
	if f == "" {
		return []byte("null"), nil
	}
	panic(string(f))
}

// The item after one whose method panicked is a complete line, with the same options.
func TestFormatAfterAPanic(t *testing.T) {
	format := Format[any](json.StringifyNumbers(true))
	for _, bad := range []any{touchy{1, "boom"}, map[string]any{"a": []oldFuse{"", "boom"}}, touchy{1, "exit"}} {
		gone := make(chan any)
		go func() {
			defer func() { gone <- recover() }()
			_, _ = format([]byte("text"), bad)
		}()
		if bad == any(touchy{1, "exit"}) {
			assert.Nil(t, <-gone)
		} else {
			assert.Equal(t, "boom", <-gone)
		}
		for range 2 {
			line, err := format([]byte("before "), touchy{Before: 2})
			require.NoError(t, err)
			assert.Equal(t, `before {"Before":"2","Fuse":null}`+"\n", string(line))
		}
	}
}

// With any options, an item is one line, even after an error.
func TestFormatWithOptions(t *testing.T) {
	format := Format[map[string]any](jsontext.WithIndent("  "), jsontext.EscapeForHTML(true), json.Deterministic(true))
	for range 2 {
		line, err := format(nil, map[string]any{"b": "<", "a": 1})
		require.NoError(t, err)
		assert.Equal(t, `{"a":1,"b":"\u003c"}`+"\n", string(line))
		_, err = format(nil, map[string]any{"f": func() {}})
		require.Error(t, err)
	}
}

// Durations have no form in JSON; without a default, a struct with one could not be encoded.
func TestFormatOfDurations(t *testing.T) {
	line, err := Format[any]()(nil, []any{time.Second, struct{ D time.Duration }{2}})
	require.NoError(t, err)
	assert.Equal(t, `[1000000000,{"D":2}]`+"\n", string(line))
	text := json.MarshalFunc(func(d time.Duration) ([]byte, error) { return []byte(`"` + d.String() + `"`), nil })
	line, err = Format[time.Duration](json.WithMarshalers(text))(nil, time.Second)
	require.NoError(t, err)
	assert.Equal(t, `"1s"`+"\n", string(line))
}
