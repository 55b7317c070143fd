package operators

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func TestConcatAndEnds(t *testing.T) {
	for name, c := range map[string]struct {
		op   func(letters) letters
		rows []diagram
	}{
		"Concat": {
			func(src letters) letters { return Concat(src, marble.Cold("-x-y|")) },
			[]diagram{{"one after the other", "a-b|", "a-b-x-y|"}, {"an error of the first", "a#", "a#"}, {"nothing first", "|", "-x-y|"}},
		},
		"Concat with a failing second": {
			func(src letters) letters { return Concat(src, marble.Cold("x#"), marble.Cold("y|")) },
			[]diagram{{"the third has no turn", "a|", "ax#"}},
		},
		"StartWith": {
			func(src letters) letters { return StartWith(src, "x", "y") },
			[]diagram{{"items first", "-a|", "(xy)a|"}, {"and then an error", "-#", "(xy)#"}},
		},
		"DefaultIfEmpty": {
			func(src letters) letters { return DefaultIfEmpty(src, "x") },
			[]diagram{{"no item", "--|", "--(x|)"}, {"an item", "-a|", "-a|"}, {"an error", "-#", "-#"}},
		},
		"Catch": {
			func(src letters) letters { return Catch(src, func(error) letters { return marble.Cold("-x-|") }) },
			[]diagram{{"the other stream", "a-#", "a--x-|"}, {"no error", "a-|", "a-|"}},
		},
		"Catch with a failing handler": {
			func(src letters) letters { return Catch(src, func(error) letters { return marble.Cold("x#") }) },
			[]diagram{{"its error", "a#", "ax#"}},
		},
		"OnErrorReturn": {
			func(src letters) letters { return OnErrorReturn(src, func(error) string { return "x" }) },
			[]diagram{{"a value for the error", "a-#", "a-(x|)"}, {"no error", "a|", "a|"}},
		},
		"Materialize": {
			func(src letters) letters {
				return Map(Materialize(src), func(n Notification[string]) string { return fmt.Sprintf("%v %v %v", n.Value, n.Err != nil, n.End) })
			},
			[]diagram{
				{"completion", "a|", "[a false false]([ false true]|)"},
				{"an error", "a#", "[a false false]([ true true]|)"},
			},
		},
		"Dematerialize": {
			func(src letters) letters { return Dematerialize(Materialize(src)) },
			[]diagram{{"completion", "a-|", "a-|"}, {"an error", "a-#", "a-#"}},
		},
		"Dematerialize what others made": {
			func(src letters) letters {
				return Dematerialize(Map(src, func(s string) Notification[string] {
					return map[string]Notification[string]{"a": {Value: "a"}, "E": {End: true}, "F": {Err: errOdd}}[s]
				}))
			},
			[]diagram{
				{"releases src at the end", "a-E-a", "a-|"},
				{"an error without End ends it too", "a-F-a", "a-#"},
				{"without an end", "a-|", "a-|"},
				{"an error of src", "a-#", "a-#"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) { checkDiagrams(t, c.op, c.rows) })
	}
}

func TestFinallyIsCalledOnceForEachEnd(t *testing.T) {
	calls := 0
	src := Finally(from(1, 2, 3), func() { calls++ })
	assert.Equal(t, []int{1, 2, 3}, collect(t, src))
	assert.Equal(t, 1, calls, "completion")
	for range src(t.Context()) {
		assert.Equal(t, 1, calls, "not before the end")
		break
	}
	assert.Equal(t, 2, calls, "break")
	assert.Panics(t, func() {
		for range src(t.Context()) {
			panic("consumer")
		}
	})
	assert.Equal(t, 3, calls, "panic")
	for _, err := range Finally(marble.Cold("#"), func() { calls++ })(t.Context()) {
		require.ErrorIs(t, err, marble.Err)
	}
	assert.Equal(t, 4, calls, "error")
}

func TestCatchSeesTheError(t *testing.T) {
	var seen error
	collect(t, Catch(marble.Cold("#"), func(err error) letters { seen = err; return marble.Cold("|") }))
	assert.Equal(t, marble.Err, seen)
}

func TestContractOfEnds(t *testing.T) {
	items := []int{1, 2, 3}
	for name, o := range map[string]rxssetest.Operator[int, int]{
		"Concat":         {Apply: func(src ints) ints { return Concat(from[int](), src) }},
		"StartWith":      {Apply: func(src ints) ints { return StartWith(src) }},
		"StartWith some": {Apply: func(src ints) ints { return Skip(StartWith(src, 0), 1) }},
		"DefaultIfEmpty": {Apply: func(src ints) ints { return DefaultIfEmpty(src, 0) }},
		"Finally":        {Apply: func(src ints) ints { return Finally(src, func() {}) }},
		"Catch": {
			Apply:         func(src ints) ints { return Catch(src, func(error) ints { return from(0) }) },
			HandlesErrors: true,
		},
		"OnErrorReturn": {
			Apply:         func(src ints) ints { return OnErrorReturn(src, func(error) int { return 0 }) },
			HandlesErrors: true,
		},
		"Materialize": {
			Apply: func(src ints) ints {
				return Map(Materialize(src), func(n Notification[int]) int { return n.Value })
			},
			HandlesErrors: true,
		},
		"Dematerialize": {Apply: func(src ints) ints { return Dematerialize(Materialize(src)) }},
	} {
		o.Items = items
		t.Run(name, o.Check)
	}
}
