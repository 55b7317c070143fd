package jsondecode

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

// The sizes are those that the tables name.
func TestDocuments(t *testing.T) {
	for i, size := range []int{80, 200, 3_000, 60_000} {
		d := documents()[i]
		assert.InEpsilon(t, size, len(d.text), 0.15, d.name)
	}
}

func TestContendersAgree(t *testing.T) {
	for _, d := range documents() {
		want := d.make()
		require.NoError(t, contenders()[0].unmarshal([]byte(d.text), want), d.name)
		require.NotEqual(t, d.make(), want)
		for _, c := range contenders()[1:] {
			got := d.make()
			require.NoError(t, c.unmarshal([]byte(d.text), got), c.name)
			assert.Equal(t, want, got, "%s: %s", d.name, c.name)
		}
	}
}

// What codec.JSON uses is strict with every probe that is not proper JSON.
func TestDefaultIsStrict(t *testing.T) {
	for _, p := range probes() {
		want := "refused"
		switch p.name {
		case "name in other case":
			want = "ignored"
		case "1,000 levels":
			want = "accepted"
		}
		assert.Equal(t, want, contenders()[0].tryInChild(p), p.name)
	}
}

func TestSection(t *testing.T) {
	s, err := Section(measure.Quick)
	require.NoError(t, err)
	require.Len(t, s.Tables, len(documents())+1)
	for _, table := range s.Tables[:len(documents())] {
		assert.Len(t, table.Rows, len(contenders()), table.Title)
	}
}
