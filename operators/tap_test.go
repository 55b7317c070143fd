package operators

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func TestTapEnd(t *testing.T) {
	errGone := errors.New("gone")
	for _, c := range []struct {
		name, src, want string
		ends            []error // what f is called with
	}{
		{"completion", "a-b|", "a-b|", []error{nil}},
		{"an error", "a-#", "a-#", []error{marble.Err}},
		{"cancel", "a-b", "a-b--!", []error{errGone}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), 5*marble.Frame, errGone)
				defer cancel()
				var ends []error
				got := marble.Record(ctx, TapEnd(marble.Cold(c.src), func(err error) { ends = append(ends, err) }))
				assert.Equal(t, c.want, got)
				assert.Equal(t, c.ends, ends)
			})
		})
	}
}

// f is called before the consumer sees the end.
func TestTapEndComesFirst(t *testing.T) {
	called := false
	for _, err := range TapEnd(marble.Cold("#"), func(error) { called = true })(t.Context()) {
		assert.ErrorIs(t, err, marble.Err)
		assert.True(t, called)
	}
}

// A consumer that leaves sees no end, at the last item either, and neither does f.
func TestTapEndIsNotCalledWhenTheConsumerLeaves(t *testing.T) {
	for range TapEnd(from(1), func(error) { t.Error("called") })(t.Context()) {
		break
	}
}

func TestContractOfTap(t *testing.T) {
	t.Run("TapEnd", rxssetest.Operator[int, int]{
		Apply: func(src ints) ints { return TapEnd(src, func(error) {}) },
		Panicking: func(src ints, v any) ints {
			return TapEnd(Take(src, 1), func(error) { panic(v) })
		},
		Items: []int{1, 2, 3},
	}.Check)
}
