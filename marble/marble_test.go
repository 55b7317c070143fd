package marble_test

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"

	"github.com/rxsse/rxsse"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRecordDrawsWhatColdWasGiven(t *testing.T) {
	for _, diagram := range []string{
		"|", "#", "a|", "-a--b|", "a-(bc)-d#", "--(a|)", "-[two words]-|", "(#)", "ä-✔|", "a\xff|", "a[-][|]b|", "([#][ ][!])[(]|", "--------------------------------------------|",
	} {
		t.Run(diagram, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				want := diagram
				if want == "(#)" {
					want = "#" // a group of one needs no parentheses
				}
				assert.Equal(t, want, marble.Record(t.Context(), marble.Cold(diagram)))
			})
		})
	}
}

func TestSpacesTakeNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		assert.Equal(t, "a-b|", marble.Record(t.Context(), marble.Cold(" a - b |")))
	})
}

func TestRecordDrawsCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*marble.Frame)
		defer cancel()
		assert.Equal(t, "-a--!", marble.Record(ctx, marble.Cold("-a")))
	})
}

func TestRecordDrawsAnotherErrorAfterACancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		failing := func(context.Context) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				cancel()
				yield("", marble.Err)
			}
		}
		assert.Equal(t, "#", marble.Record(ctx, failing))
	})
}

func TestRecordDrawsBrackets(t *testing.T) {
	for item, want := range map[string]string{"x]": "[x]]", "[x": "[[x]", "[x]": "[x]", "]": "[]]", "": "[]"} {
		synctest.Test(t, func(t *testing.T) {
			single := func(context.Context) iter.Seq2[string, error] {
				return func(yield func(string, error) bool) { yield(item, nil) }
			}
			assert.Equal(t, "("+want+"|)", marble.Record(t.Context(), single))
		})
	}
}

func TestRecordDrawsSlices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nested := func(context.Context) iter.Seq2[[][]int, error] {
			return func(yield func([][]int, error) bool) { yield([][]int{{1}, {2, 3}}, nil) }
		}
		assert.Equal(t, "([[1] [2 3]]|)", marble.Record(t.Context(), nested))
	})
}

func TestItemsTakeAFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []time.Duration
		for v, err := range marble.Cold("--a(bc)-d|")(t.Context()) {
			require.NoError(t, err)
			require.NotEmpty(t, v)
			at = append(at, time.Since(start))
		}
		assert.Equal(t, []time.Duration{2 * marble.Frame, 3 * marble.Frame, 3 * marble.Frame, 5 * marble.Frame}, at)
		assert.Equal(t, 6*marble.Frame, time.Since(start))
	})
}

func TestColdRefusesNonsense(t *testing.T) {
	for diagram, want := range map[string]string{
		"a|b":  `marble: "a|b": b after the end of the stream`,
		"(ab":  `marble: "(ab": ( without )`,
		"ab)":  `marble: "ab)": unexpected )`,
		"((a)": `marble: "((a)": unexpected (`,
		"(a-)": `marble: "(a-)": - inside ( )`,
		"[ab":  `marble: "[ab": [ without ]`,
		"a!":   `marble: "a!": unexpected !`,
		"a]|":  `marble: "a]|": unexpected ]`,
	} {
		assert.PanicsWithValue(t, want, func() { marble.Cold(diagram) }, diagram)
	}
}

func TestContract(t *testing.T) {
	rxssetest.Source[string]{
		Finite:  func() rxsse.Observable[string] { return marble.Cold("-a-(bc)|") },
		Want:    []string{"a", "b", "c"},
		Endless: func() rxsse.Observable[string] { return marble.Cold("-a-b-c") },
		Silent:  func() rxsse.Observable[string] { return marble.Cold("") },
	}.Check(t)
}
