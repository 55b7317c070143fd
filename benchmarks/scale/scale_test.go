package scale

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

func TestSection(t *testing.T) {
	s, err := Section(measure.Quick)
	require.NoError(t, err)
	require.Len(t, s.Tables, 4)
	for _, table := range s.Tables {
		assert.NotEmpty(t, table.Rows, table.Title)
	}
}

func TestChecks(t *testing.T) {
	require.NoError(t, aggregated(1000, 5000))
	require.NoError(t, mapped(1000, 5000))
	require.ErrorContains(t, check(1, 2, 1, 3), "counted 2 items of 1 keys instead of 3 of 1")
	wire, events, err := sized(1000)
	require.NoError(t, err)
	require.NoError(t, decodeOwned(wire, 1000, events))
	require.NoError(t, decodeLent(wire, 1000, events))
	require.Error(t, decodeOwned(wire, 1000, events-1), "an event too many")
	require.Error(t, decodeLent(wire, 1000, events-1), "an event too many")
	require.Error(t, decodeLent(wire, 999, events), "another size")
}
