package operators

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func debouncedMax(src letters) letters { return DebounceMax(src, 3*marble.Frame, 5*marble.Frame) }

func TestDebounceMax(t *testing.T) {
	checkDiagrams(t, debouncedMax, []diagram{
		{"waits for the silence, as Debounce does", "a----b-c-----|", "---a------c--|"},
		{"the last of a burst, and no later than maxWait", "-abcdefg----h--|", "------e---g----(h|)"},
		{"a steady stream delivers every maxWait", "-abcdefghijklm|", "------e----j--(m|)"},
		{"the longest wait begins with the first item held back", "-a-b-----c-d-e-f|", "------b-------e-(f|)"},
		{"an item at the instant does not replace the pending one", "a-b-cd---|", "-----c--d|"},
		{"completion delivers the pending item at once", "a-b|", "---(b|)"},
		{"an error drops the pending item", "a#", "-#"},
		{"an error when the longest wait ends comes after the item", "a-b-c#", "-----(c#)"},
	})
}

func TestDebounceMaxTies(t *testing.T) {
	for range ties {
		synctest.Test(t, func(t *testing.T) {
			require.Equal(t, "-----e---(h|)", marble.Record(t.Context(), debouncedMax(marble.Cold("abcdef-h-|"))))
		})
	}
}

// The consumer is busy for longer than maxWait: items that arrive meanwhile wait for a new
// d and a new maxWait, as with Debounce.
func TestDebounceMaxWithABusyConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := busily(t.Context(), debouncedMax(marble.Cold("a---b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q|")), map[string]int{"a": 10})
		assert.Equal(t, "a@3 h@18 k@23 n@29 q@35 |@35", got)
	})
}

// An item of a steady stream is never late by more than maxWait.
func TestDebounceMaxOfASteadyStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		last := time.Now()
		for _, err := range DebounceMax(Take(ticking(time.Second), 3600), 2*time.Second, time.Minute)(t.Context()) {
			require.NoError(t, err)
			require.LessOrEqual(t, time.Since(last), 61*time.Second)
			last = time.Now()
			n++
		}
		assert.GreaterOrEqual(t, n, 59, "in an hour; Debounce delivers one")
	})
}

func TestDebounceMaxRefusesNonsense(t *testing.T) {
	assert.PanicsWithValue(t, "operators: DebounceMax: d must be positive, got 0s", func() { DebounceMax(from(1), 0, 1) })
	assert.PanicsWithValue(t, "operators: DebounceMax: maxWait must be at least d", func() { DebounceMax(from(1), 2, 1) })
}

func TestContractOfDebounceMax(t *testing.T) {
	rxssetest.Operator[string, string]{
		Apply: func(src letters) letters { return DebounceMax(src, 3*marble.Frame, 3*marble.Frame) },
		Items: []string{"a", "b", "c", "d"},
	}.Check(t)
}
