package operators

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func TestMergeDelayError(t *testing.T) {
	for _, c := range []struct{ name, a, b, want string }{
		{"the others go on", "--1--#", "----2---3--|", "--1-2---3--#"},
		{"a source that fails last", "-1|", "---2#", "-1-2#"},
		{"all fail", "-1#", "---2-#", "-1-2-#"},
		{"none fails", "-1|", "---2-|", "-1-2-|"},
		{"a failure at once", "#", "-1-|", "-1-#"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				assert.Equal(t, c.want, marble.Record(t.Context(), MergeDelayError(marble.Cold(c.a), marble.Cold(c.b))))
			})
		})
	}
}

func TestMergeDelayErrorDeliversAllErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failing := func(err error, delay string) letters {
			return TryMap(marble.Cold(delay+"x"), func(string) (string, error) { return "", err })
		}
		errA, errB := errors.New("a"), errors.New("b")
		for _, err := range MergeDelayError(failing(errA, "--"), from[string](), failing(errB, "-"))(t.Context()) {
			require.ErrorIs(t, err, errA)
			require.ErrorIs(t, err, errB)
			assert.EqualError(t, err, "a\nb", "in the order of the arguments")
		}
		for _, err := range MergeDelayError(failing(errA, "--"), from[string]())(t.Context()) {
			assert.Equal(t, errA, err, "a single error as it is")
		}
	})
}

// A cancellation ends it with the cause, even if a source has failed before.
func TestMergeDelayErrorIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errGone := errors.New("gone")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*marble.Frame, errGone)
		defer cancel()
		var ends []error
		for _, err := range MergeDelayError(marble.Cold("-#"), marble.Cold("----a|"))(ctx) {
			ends = append(ends, err)
		}
		assert.Equal(t, []error{errGone}, ends)
	})
}

func TestContractOfMergeDelayError(t *testing.T) {
	rxssetest.Operator[int, int]{
		Apply: func(src ints) ints { return MergeDelayError(src, from[int]()) },
		Items: []int{1, 2, 3},
	}.Check(t)
}
