package operators

import (
	"flag"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse/marble"
)

var tieRuns = flag.Int("ties", 200, "how often TestOneDiagram draws each diagram")

// Two inputs that draw items in the same frame give the same diagram on every run, by
// the order in which they were created. So do inputs that deliver without waiting, by
// the order of the arguments.
func TestOneDiagram(t *testing.T) {
	c := marble.Cold
	join := func(a, b string) string { return a + b }
	each := func(inner string) func(string) letters {
		return func(v string) letters { return Map(c(inner), func(n string) string { return v + n }) }
	}
	for want, build := range map[string]func() letters{
		"(ax)-(by)|":               func() letters { return Merge(c("a-b|"), c("x-y|")) },
		"a#":                       func() letters { return Merge(c("a#"), c("-b|")) },
		"(abcxyz|)":                func() letters { return Merge(from("a", "b", "c"), from("x", "y", "z")) },
		"(abz)-x|":                 func() letters { return Merge(from("a", "b"), c("z-x|")) },
		"-a|":                      func() letters { return Race(c("-a|"), c("-x|")) },
		"(ab|)":                    func() letters { return Race(from("a", "b"), from("x", "y")) },
		"[ax]-([bx][by])|":         func() letters { return CombineLatest(c("a-b|"), c("x-y|"), join) },
		"([bx][by][bz]|)":          func() letters { return CombineLatest(from("a", "b"), from("x", "y", "z"), join) },
		"[ax]-[bx]|":               func() letters { return WithLatestFrom(c("a-b|"), c("x-y|"), join) },
		"([ax][bx]|)":              func() letters { return WithLatestFrom(from("a", "b"), StartWith(c("-y"), "x"), join) },
		"-a-(b|)":                  func() letters { return TakeUntil(c("-a-b-c|"), c("---x")) },
		"|":                        func() letters { return TakeUntil(from("a", "b"), from("x")) },
		"-----c|":                  func() letters { return SkipUntil(c("-a-b-c|"), c("---x")) },
		"(ab|) ":                   func() letters { return SkipUntil(from("a", "b"), from("x")) }, //nolint:gocritic // the space tells it from another row
		"[a1]-[b1]-[b2]-|":         func() letters { return SwitchMap(c("a-b-|"), each("1-2-|")) },
		"-#":                       func() letters { return SwitchMap(c("a-b-|"), each("-#")) },
		"[a1]-([a2][b1])-[b2]-|":   func() letters { return MergeMap(c("a-b-|"), 2, each("1-2-|")) },
		"[ax]-[by]|":               func() letters { return Zip(c("a-b|"), c("x-y|"), join) },
		"[ax1]-[by2]|":             func() letters { return concatenated(ZipAll(c("a-b|"), c("x-y|"), c("1-2|"))) },
		"[ax1]-([bx1][by1][by2])|": func() letters { return concatenated(CombineLatestAll(c("a-b|"), c("x-y|"), c("1-2|"))) },
		"(ax)-y#":                  func() letters { return MergeDelayError(c("a-#"), c("x-y|")) },
		"[a1]-[a2]-|":              func() letters { return ExhaustMap(c("a-b-|"), each("1-2-|")) },
		"-[a1]-[b1]-#":             func() letters { return Zip(c("-a-b-#"), c("-1-1-|"), join) },
	} {
		t.Run(want, func(t *testing.T) {
			seen := map[string]int{}
			for range *tieRuns {
				synctest.Test(t, func(t *testing.T) { seen[marble.Record(t.Context(), build())]++ })
			}
			assert.Equal(t, map[string]int{strings.TrimSpace(want): *tieRuns}, seen)
		})
	}
}
