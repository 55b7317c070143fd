package operators

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func TestExhaustMap(t *testing.T) {
	for _, c := range []struct{ name, src, inner, want string }{
		{"drops items while an inner stream runs", "--1--2------3--|", "x--x--x|", "--x--x--x---x--x--x|"},
		{"the next item after the end", "-1---2|", "x-x|", "-x-x-x-x|"},
		{"src completes first", "-1|", "x---x|", "-x---x|"},
		{"the inner stream first", "-1-----|", "x|", "-x-----|"},
		{"an error of src", "-1-#", "x---x|", "-x-#"},
		{"an error of the inner stream", "-1-----|", "x-#", "-x-#"},
		{"no item", "---|", "x|", "---|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := ExhaustMap(marble.Cold(c.src), func(string) letters { return marble.Cold(c.inner) })
				assert.Equal(t, c.want, marble.Record(t.Context(), src))
			})
		})
	}
}

// f is called only for items that are not dropped, one inner stream at a time.
func TestExhaustMapRunsOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls []string
		running := 0
		src := ExhaustMap(marble.Cold("a-b-c-d-e-f|"), func(v string) letters {
			calls = append(calls, v)
			running++
			assert.Equal(t, 1, running)
			return Finally(marble.Cold("---|"), func() { running-- })
		})
		assert.Empty(t, collect(t, src))
		assert.Equal(t, []string{"a", "c", "e"}, calls)
	})
}

// After a failure of the inner stream nothing begins, even before the consumer reaches the
// error.
func TestExhaustMapStartsNothingAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		src := ExhaustMap(marble.Cold("1--2--3--4|"), func(string) letters { calls++; return marble.Cold("x#") })
		var ends []error
		for _, err := range src(t.Context()) {
			if err != nil {
				ends = append(ends, err)
				continue
			}
			time.Sleep(20 * marble.Frame)
		}
		assert.Equal(t, []error{marble.Err}, ends)
		assert.Equal(t, 1, calls)
	})
}

func TestExhaustMapIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*marble.Frame)
		defer cancel()
		src := ExhaustMap(marble.Cold("-1"), func(string) letters { return marble.Cold("x") })
		assert.Equal(t, "-x-!", marble.Record(ctx, src))
	})
}

func TestContractOfExhaustMap(t *testing.T) {
	rxssetest.Operator[int, int]{
		Apply:     func(src ints) ints { return ExhaustMap(src, func(v int) ints { return from(v) }) },
		Panicking: func(src ints, v any) ints { return ExhaustMap(src, func(int) ints { panic(v) }) },
		Items:     []int{1, 2, 3},
	}.Check(t)
}
