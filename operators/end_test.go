package operators

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A source that goes on after its error, which it must not, cannot change the error or
// add to the items.
func TestSourceThatGoesOnAfterItsError(t *testing.T) {
	unruly := ints(func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			yield(0, errOdd)
			yield(1, nil)
			yield(0, errors.New("another"))
		}
	})
	var seen error
	assert.Equal(t, []int{7}, collect(t, Catch(unruly, func(err error) ints { seen = err; return from(7) })))
	assert.Equal(t, errOdd, seen)
	assert.Equal(t, []int{7}, collect(t, OnErrorReturn(unruly, func(err error) int { seen = err; return 7 })))
	assert.Equal(t, errOdd, seen)
	var states []RetryState
	for v, err := range Retry(unruly, func(s RetryState) (time.Duration, bool) {
		states = append(states, s)
		return 0, s.Total < 2
	})(t.Context()) {
		assert.Zero(t, v)
		assert.ErrorIs(t, err, errOdd)
	}
	assert.Equal(t, []RetryState{{errOdd, 1, 1}, {errOdd, 2, 2}}, states)
}
