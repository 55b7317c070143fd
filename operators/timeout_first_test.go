package operators

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func firstInTime(src letters) letters { return TimeoutFirst(src, 4*marble.Frame) }

func TestTimeoutFirst(t *testing.T) {
	checkDiagrams(t, firstInTime, []diagram{
		{"silence after the first item", "---a---------b|", "---a---------b|"},
		{"silence before it", "------a|", "----#"},
		{"an item at the instant comes too late", "----a|", "----#"},
		{"completion in time", "---|", "---|"},
		{"completion at the instant comes too late", "----|", "----#"},
		{"its own error in time", "---#", "---#"},
		{"an error after the first item", "a-------#", "a-------#"},
	})
}

func TestTimeoutFirstTies(t *testing.T) {
	for range ties {
		synctest.Test(t, func(t *testing.T) {
			require.Equal(t, "----#", marble.Record(t.Context(), firstInTime(marble.Cold("----ab"))))
		})
	}
}

func TestTimeoutFirstNamesTheOperatorAndTheDuration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, err := range TimeoutFirst(marble.Cold(""), 5*time.Second)(t.Context()) {
			var timeout *TimeoutError
			require.ErrorAs(t, err, &timeout)
			assert.Equal(t, TimeoutError{"TimeoutFirst", 5 * time.Second}, *timeout)
			assert.EqualError(t, err, "operators: TimeoutFirst: no item for 5s")
		}
	})
}

// A context that is cancelled as the time passes ends the stream with its cause.
func TestTimeoutFirstIsCancelled(t *testing.T) {
	for _, after := range []time.Duration{time.Second, 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			errGone := errors.New("gone")
			start := time.Now()
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(after, func() { cancel(errGone) })
			// It takes a second to see the cancellation.
			slow := func(ctx context.Context) iter.Seq2[int, error] {
				return func(yield func(int, error) bool) {
					<-ctx.Done()
					time.Sleep(time.Second)
					yield(0, context.Cause(ctx))
				}
			}
			for _, err := range TimeoutFirst(slow, 2*time.Second)(ctx) {
				require.Equal(t, errGone, err)
			}
			assert.Equal(t, after+time.Second, time.Since(start))
		})
	}
}

func TestContractOfTimeoutFirst(t *testing.T) {
	rxssetest.Operator[int, int]{
		Apply: func(src ints) ints { return TimeoutFirst(src, 2*time.Hour) },
		Items: []int{1, 2, 3},
	}.Check(t)
}
