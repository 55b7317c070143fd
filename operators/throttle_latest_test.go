package operators

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func throttledLatest(src letters) letters { return ThrottleLatest(src, 4*marble.Frame) }

func TestThrottleLatest(t *testing.T) {
	checkDiagrams(t, throttledLatest, []diagram{
		{"the first, and the last of each run", "-abc--------de---|", "-a---c------d---e|"},
		{"a steady stream", "abcdefghijklm|", "a---d---h---l(m|)"},
		{"several at once", "(abc)-------|", "a---c---|"},
		{"one item alone", "-a--------|", "-a--------|"},
		{"after a silence the next is delivered at once", "ab-------c|", "a---b----c|"},
		{"an item d after the one before is delivered at once", "a---b---c|", "a---b---c|"},
		{"an item when the pending one is due does not replace it", "ab--c----|", "a---b---c|"},
		{"completion delivers the pending item at once", "ab|", "a-(b|)"},
		{"an error drops the pending item", "ab#", "a-#"},
		{"an error when the item is due comes after it", "ab--#", "a---(b#)"},
		{"an error alone", "-#", "-#"},
		{"nothing comes of nothing", "-----|", "-----|"},
	})
}

func TestThrottleLatestTies(t *testing.T) {
	for range ties {
		synctest.Test(t, func(t *testing.T) {
			require.Equal(t, "a---c---d---e-|", marble.Record(t.Context(), throttledLatest(marble.Cold("(abc)---d---e-----|"))))
		})
	}
}

// The interval begins when the consumer gets an item; the newest item that arrives while it
// is busy is due when it returns.
func TestThrottleLatestWithABusyConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := busily(t.Context(), throttledLatest(marble.Cold("a-b-c-d-e-f-g|")), map[string]int{"a": 7})
		assert.Equal(t, "a@0 d@7 f@11 g@13 |@13", got)
	})
}

func TestContractOfThrottleLatest(t *testing.T) {
	rxssetest.Operator[string, string]{
		Apply: func(src letters) letters { return ThrottleLatest(src, 3*marble.Frame) },
		Items: []string{"a", "b", "c", "d"},
	}.Check(t)
}
