package measure_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/benchmarks/measure"
)

func TestSpreadOf(t *testing.T) {
	for _, row := range []struct {
		name    string
		samples []float64
		want    measure.Spread
	}{
		{"one", []float64{3}, measure.Spread{Median: 3, Min: 3, Max: 3}},
		{"odd, unsorted", []float64{9, 1, 4}, measure.Spread{Median: 4, Min: 1, Max: 9}},
		{"even", []float64{4, 2, 8, 1}, measure.Spread{Median: 3, Min: 1, Max: 8}},
	} {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.want, measure.SpreadOf(row.samples))
		})
	}
}

func TestQuantile(t *testing.T) {
	values := make([]int, 1000)
	for i := range values {
		values[i] = 999 - i
	}
	assert.Equal(t, 500, measure.Quantile(values, 0.5))
	assert.Equal(t, 990, measure.Quantile(values, 0.99))
	assert.Equal(t, 999, measure.Quantile(values, 1))
}

func TestRunTakesTurns(t *testing.T) {
	var order []string
	contender := func(name string) measure.Contender {
		return measure.Contender{Name: name, Pass: func() (int, error) {
			order = append(order, name)
			return 10, nil
		}}
	}
	results, err := measure.Run(measure.Plan{Rounds: 2}, []measure.Contender{contender("a"), contender("b")})
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b", "a", "b", "a", "b"}, order, "a warm-up and two rounds")
	require.Len(t, results, 2)
	assert.Equal(t, "b", results[1].Name)
	assert.Equal(t, 10, results[1].Items)
}

// kept makes the allocation of a test happen.
var kept []byte

func TestRunCounts(t *testing.T) {
	results, err := measure.Run(measure.Plan{Rounds: 1, Sample: time.Millisecond}, []measure.Contender{{
		Name: "allocates", Pass: func() (int, error) {
			for range 100 {
				kept = make([]byte, 1024)
			}
			return 100, nil
		},
	}})
	require.NoError(t, err)
	assert.InDelta(t, 1, results[0].Allocs, 0.1)
	assert.InDelta(t, 1024, results[0].Bytes, 100)
	assert.Positive(t, results[0].Time.Median)
}

func TestRunFails(t *testing.T) {
	wrong := errors.New("wrong")
	_, err := measure.Run(measure.Quick, []measure.Contender{{Name: "x", Pass: func() (int, error) { return 0, wrong }}})
	require.ErrorIs(t, err, wrong)
	assert.ErrorContains(t, err, "x: ")
}

// Goroutines that wait for a lock show in both figures.
func TestReadContention(t *testing.T) {
	before := measure.ReadContention()
	var mu sync.Mutex
	for range 200 {
		mu.Lock()
		waiting := make(chan struct{})
		done := make(chan struct{})
		go func() {
			close(waiting)
			mu.Lock()
			close(done)
			mu.Unlock()
		}()
		<-waiting
		for range 100 {
			runtime.Gosched()
		}
		mu.Unlock()
		<-done
	}
	after := measure.ReadContention()
	assert.Greater(t, after.Locked, before.Locked)
	assert.Greater(t, after.Wakeups, before.Wakeups)
}

func TestLive(t *testing.T) {
	before := measure.Live()
	kept = make([]byte, 16<<20)
	assert.InDelta(t, 16<<20, measure.Live()-before, 1<<20)
	kept = nil
	assert.InDelta(t, 0, measure.Live()-before, 1<<20, "what is not used does not count")
}
