package operators

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func TestZip(t *testing.T) {
	for _, c := range []struct{ name, a, b, want string }{
		{"pairs", "-1---2---3-|", "---x--y-------z|", "---[1x]--[2y]-------([3z]|)"},
		{"the first is short", "1-|", "-x--y--z|", "-[1x]|"},
		{"the second is short", "1-2-3-4|", "-x|", "-[1x]|"},
		{"short, with items that wait", "123|", "-----x--y--z--w|", "-----[1x]--[2y]--([3z]|)"},
		{"nothing", "|", "-x", "|"},
		{"nothing from the second", "-1", "---|", "---|"},
		{"an error of the first", "1-2-#", "-x", "-[1x]--#"},
		{"an error of the second, while the first waits", "1234|", "-x--#", "-[1x]--#"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				zip := Zip(marble.Cold(c.a), marble.Cold(c.b), func(a, b string) string { return a + b })
				assert.Equal(t, c.want, marble.Record(t.Context(), zip))
			})
		})
	}
}

// A stream that is far ahead waits with 256 items, however slow the other is.
func TestZipHoldsNoMoreThanItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ahead := 0
		fast := Tap(endless(), func(int) { ahead++ })
		pairs := 0
		for pair, err := range Zip(fast, Take(ticking(marble.Frame), 1000), func(a, b int) [2]int { return [2]int{a, b} })(t.Context()) {
			require.NoError(t, err)
			require.Equal(t, [2]int{pairs, pairs}, pair)
			pairs++
			synctest.Wait()
			require.LessOrEqual(t, ahead, pairs+257) // and one in its hands
		}
		assert.Equal(t, 1000, pairs)
	})
}

func TestZipOfTwoFastStreams(t *testing.T) {
	const n = 100_000
	got := collect(t, Zip(Take(endless(), n), Take(endless(), n+7), func(a, b int) int { return a - b }))
	require.Len(t, got, n)
	for i := range got {
		require.Zero(t, got[i], "pair %d", i)
	}
}

func TestContractOfZip(t *testing.T) {
	type ints = rxsse.Observable[int]
	sum := func(a, b int) int { return a + b }
	t.Run("first", rxssetest.Operator[int, int]{
		Apply:     func(src ints) ints { return Zip(src, endless(), sum) },
		Panicking: func(src ints, v any) ints { return Zip(src, endless(), func(int, int) int { panic(v) }) },
		Items:     []int{1, 2, 3},
	}.Check)
	t.Run("second", rxssetest.Operator[int, int]{
		Apply: func(src ints) ints { return Zip(endless(), src, sum) },
		Items: []int{1, 2, 3},
	}.Check)
}
