package operators

import (
	"io"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func upToE(src letters) letters { return CompleteAt(src, func(s string) bool { return s == "E" }) }

func TestCompleteAt(t *testing.T) {
	checkDiagrams(t, upToE, []diagram{
		{"completes at the last item", "a-b-E-c|", "a-b-|"},
		{"does not wait for anything after it", "aE", "a|"},
		{"at once", "E", "|"},
		{"fails without the last item", "a-b-|", "a-b-#"},
		{"fails if there is nothing", "--|", "--#"},
		{"an error before", "a#", "a#"},
		{"an error after is none of it", "aE#", "a|"},
	})
}

func TestCompleteAtSaysWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, err := range upToE(marble.Cold("|"))(t.Context()) {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.EqualError(t, err, "operators: CompleteAt: the stream completed before its end item: unexpected EOF")
		}
	})
}

// A consumer that leaves gets no error about a missing end item.
func TestCompleteAtIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		assert.Equal(t, []string{"a"}, collect(t, Take(upToE(marble.Cold("ab|")), 1)))
	})
}

func TestContractOfCompleteAt(t *testing.T) {
	rxssetest.Operator[int, int]{
		Apply: func(src ints) ints { return CompleteAt(src, func(v int) bool { return v == 3 }) },
		Panicking: func(src ints, v any) ints {
			return CompleteAt(src, func(int) bool { panic(v) })
		},
		Items:     []int{1, 2, 3},
		EndsEarly: true,
	}.Check(t)
}
