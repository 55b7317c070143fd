package endtoend

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

// TestSection makes every contender count the events, and fails if one counts wrong.
func TestSection(t *testing.T) {
	s, err := Section(measure.Quick)
	require.NoError(t, err)
	require.Len(t, s.Tables, 1)
	assert.Len(t, s.Tables[0].Rows, len(contenders()))
}
