package jsonline

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type reading struct {
	Name  string
	Value float64
}

// Lines are what json.Marshal makes of each item, also after one that cannot be
// encoded, of whatever size.
func TestFormat(t *testing.T) {
	format := Format[reading]()
	text := []byte("before\n")
	want := []byte("before\n")
	for _, item := range []reading{
		{"a", 1},
		{"two\nlines", 2},
		{strings.Repeat("long ", 100_000), math.Inf(1)}, // which JSON does not have
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
