package operators

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/source"
)

// An upstream that has several upstreams of its own counts as waiting once all of these have
// started, however deep they are.
func TestStartOfNestedStreams(t *testing.T) {
	never := source.Never[string]()
	just := func(v string) rxsse.Observable[string] { return source.Just(v) }
	after := func(n int, last rxsse.Observable[string]) rxsse.Observable[string] {
		srcs := make([]rxsse.Observable[string], n, n+1)
		for i := range srcs {
			srcs[i] = never
		}
		return Merge(append(srcs, last)...)
	}
	first := func(a, _ string) string { return a }
	shared := func() rxsse.Observable[string] { return Share(after(3, just("b")), 8, OverflowBlock) }

	for name, c := range map[string]struct {
		obs  func() rxsse.Observable[string]
		want string
	}{
		"merge":            {func() rxsse.Observable[string] { return Merge(after(1, just("a")), just("b")) }, "(ab)---------!"},
		"four upstreams":   {func() rxsse.Observable[string] { return Merge(after(4, just("a")), just("b")) }, "(ab)---------!"},
		"the third starts": {func() rxsse.Observable[string] { return Merge(after(2, just("a")), never, just("b")) }, "(ab)---------!"},
		"three levels":     {func() rxsse.Observable[string] { return Merge(after(2, after(3, just("a"))), just("b")) }, "(ab)---------!"},
		"below a zip":      {func() rxsse.Observable[string] { return Merge(Zip(after(2, just("a")), just("x"), first), just("b")) }, "(ab|)"},
		"below an inner stream": {func() rxsse.Observable[string] {
			return Merge(MergeMap(just("x"), 1, func(string) rxsse.Observable[string] { return after(2, just("a")) }), just("b"))
		}, "(ab)---------!"},
		"race": {func() rxsse.Observable[string] {
			return Race(after(2, source.Fail[string](errors.New("lost"))), just("b"))
		}, "#"},
		"skip until":             {func() rxsse.Observable[string] { return SkipUntil(just("b"), after(2, just("x"))) }, "(b|)"},
		"take until":             {func() rxsse.Observable[string] { return TakeUntil(just("b"), after(2, just("x"))) }, "|"},
		"below a shared stream":  {func() rxsse.Observable[string] { return SkipUntil(just("a"), shared()) }, "(a|)"},
		"one that never starts":  {func() rxsse.Observable[string] { return Merge(Take(Race(just("a"), never), 1), just("b")) }, "(ab|)"},
		"one that has failed":    {func() rxsse.Observable[string] { return Merge(after(1, source.Fail[string](marble.Err)), just("b")) }, "#"},
		"one that was cancelled": {func() rxsse.Observable[string] { return Merge(TakeUntil(after(2, just("a")), just("x")), just("b")) }, "(b|)"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 50 { // the order must not depend on the scheduler
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(t.Context(), 10*marble.Frame)
					defer cancel()
					if got := marble.Record(ctx, c.obs()); !assert.Equal(t, c.want, got) {
						t.FailNow()
					}
				})
			}
		})
	}
}

// In real time the order is a matter of turns of the scheduler, so it may be missed on a busy
// machine. Without the order of nested streams it is missed nearly always.
func TestStartOfNestedStreamsInRealTime(t *testing.T) {
	inOrder := 0
	for range 200 {
		nested := Merge(Merge(source.Never[int](), source.Just(1)), source.Just(2))
		var got []int
		for v, err := range Take(nested, 2)(t.Context()) {
			require.NoError(t, err)
			got = append(got, v)
		}
		if slices.Equal([]int{1, 2}, got) {
			inOrder++
		}
	}
	assert.Greater(t, inOrder, 100)
}
