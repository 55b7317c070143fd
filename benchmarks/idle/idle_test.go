package idle

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/benchmarks/child"
	"github.com/rxsse/rxsse/benchmarks/measure"
)

func TestMain(m *testing.M) {
	child.Main(Parts())
	os.Exit(m.Run())
}

// A stream of ours costs little more than net/http alone: less than 8 KiB with 10,000
// streams, and somewhat more with the few of this test.
func TestSection(t *testing.T) {
	s, err := Section(measure.Quick)
	require.NoError(t, err)
	require.Len(t, s.Tables, 1)
	rows := s.Tables[0].Rows
	require.Len(t, rows, len(clients()))
	require.Equal(t, []string{"net/http", "rxsse"}, []string{rows[0][0], rows[1][0]})
	more, err := strconv.ParseFloat(rows[1][2], 64)
	require.NoError(t, err)
	assert.Less(t, more, 10.0)
	alone, err := strconv.ParseFloat(rows[0][1], 64)
	require.NoError(t, err)
	assert.Greater(t, alone, 8.0, "two buffers of 4 KiB at least")
}

// A stream that ends makes the measurement fail.
func TestHoldEnds(t *testing.T) {
	_, err := hold(t.Context(), bare(), job{URL: "http://127.0.0.1:1", Streams: 3})
	require.ErrorContains(t, err, "a stream has ended")
}
