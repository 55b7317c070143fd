package fanout

import (
	"os"
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

// TestSection makes every server publish, and fails if a subscriber misses an event.
func TestSection(t *testing.T) {
	s, err := Section(measure.Quick)
	require.NoError(t, err)
	require.Len(t, s.Tables, 1)
	assert.Len(t, s.Tables[0].Rows, len(Servers()))
}

func TestLoad(t *testing.T) {
	s, err := Load(measure.Quick)
	require.NoError(t, err)
	require.Len(t, s.Tables, 2)
	assert.Len(t, s.Tables[1].Rows, len(Servers()))
}

func TestCrowd(t *testing.T) {
	s, err := Crowd(measure.Quick)
	require.NoError(t, err)
	require.Len(t, s.Tables, 2)
	assert.Len(t, s.Tables[0].Rows, 1+len(Servers()))
}

func TestPace(t *testing.T) {
	s, err := Pace(measure.Quick)
	require.NoError(t, err)
	require.Len(t, s.Tables, 1)
	assert.Len(t, s.Tables[0].Rows, len(Servers()))
}
