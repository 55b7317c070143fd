package child_test

import (
	"errors"
	"math"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/benchmarks/child"
)

func TestMain(m *testing.M) {
	child.Main(map[string]child.Part{
		"double": func(arguments []byte) (any, error) {
			var n int
			err := json.Unmarshal(arguments, &n)
			return 2 * n, err
		},
		"burn": func([]byte) (any, error) {
			big := make([]byte, 64<<20)
			for i := 0; i < len(big); i += 4096 {
				big[i] = 1 // which makes the page resident
			}
			for begin := time.Now(); child.CPU() < 50*time.Millisecond && time.Since(begin) < 5*time.Second; {
			}
			runtime.KeepAlive(big)
			return 0, nil
		},
		"fail": func([]byte) (any, error) { return nil, errors.New("as it should") },
	})
	os.Exit(m.Run())
}

func TestRun(t *testing.T) {
	got, _, err := child.Run[int](t.Context(), "double", 21)
	require.NoError(t, err)
	assert.Equal(t, 42, got)
}

func TestRunTellsTheUsage(t *testing.T) {
	_, usage, err := child.Run[int](t.Context(), "burn", 0)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, usage.CPU, 50*time.Millisecond)
	if runtime.GOOS == "linux" {
		assert.Greater(t, usage.Peak, int64(64<<20))
	}
}

func TestRunFails(t *testing.T) {
	for _, part := range []string{"fail", "unknown"} {
		_, _, err := child.Run[int](t.Context(), part, 0)
		require.ErrorContains(t, err, part)
	}
}

func TestConnections(t *testing.T) {
	assert.Equal(t, 10, child.Connections(10))
	assert.Less(t, child.Connections(math.MaxInt), math.MaxInt, "each needs a file")
}
