package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The tests of testdata/weak detect min for max and a negated condition. They cannot detect
// < for <=, since low is returned either way, and no test calls untested or uses a negative
// number. The example detects a change of the constant, although a profile does not list
// constants. The test of IsNegative takes no case of its switch, but detects a change of the
// condition of one. A child process of TestInChild detects its mutant, although a profile does
// not list what a child runs.
func TestSurvivors(t *testing.T) {
	var out strings.Builder
	m := mutator{out: &out}
	require.NoError(t, m.run(t.Context(), []string{"./testdata/weak"}, 70))
	assert.Contains(t, out.String(), `weak.go:9: Clamp: "<" becomes "<="`)
	assert.Contains(t, out.String(), `weak.go:19: IsNegative: "true" becomes "false"`)
	assert.Contains(t, out.String(), `weak.go:25: untested: "true" becomes "false"`)
	assert.Equal(t, 3, strings.Count(out.String(), "survived: "))
	assert.Regexp(t, `\./testdata/weak +10 +7 +3 +0 +70.0%`, out.String())

	assert.EqualError(t, m.run(t.Context(), []string{"./testdata/weak"}, 71), "1 packages kill fewer than 71% of their mutants")
	assert.ErrorContains(t, m.run(t.Context(), []string{"./testdata"}, 0), "nothing to mutate")
}

// When it is interrupted, the table has the mutants that were tried.
func TestInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	out := interrupted{interrupt: interrupt}
	m := mutator{out: &out}
	require.EqualError(t, m.run(ctx, []string{"./testdata/weak"}, 0), "interrupted")
	assert.Equal(t, 1, strings.Count(out.String(), "survived: "))
	assert.Regexp(t, `\./testdata/weak +10 +\d+ +1 +0`, out.String())
}

// interrupted interrupts the program at its first line.
type interrupted struct {
	strings.Builder

	interrupt context.CancelFunc
}

func (i *interrupted) Write(p []byte) (int, error) {
	i.interrupt()
	return i.Builder.Write(p)
}

// A package may be in a module of its own, as those of jetstream are.
func TestPackageOfAnotherModule(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":        "module example.com/other\n\ngo 1.26\n",
		"other.go":      "package other\n\nfunc IsKnown() bool { return true }\n",
		"other_test.go": "package other\n\nimport \"testing\"\n\nfunc TestIsKnown(t *testing.T) {\n\tif !IsKnown() {\n\t\tt.Fail()\n\t}\n}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	var out strings.Builder
	m := mutator{out: &out}
	require.NoError(t, m.run(t.Context(), []string{folder}, 100))
	assert.Regexp(t, ` +1 +1 +0 +0 +100.0%`, out.String())
}

func TestEquivalent(t *testing.T) {
	s := site{file: "../lru/lru.go", function: "Remove", code: "e.prev, e.next = nil, nil", old: "e.prev, e.next = nil, nil"}
	assert.False(t, isEquivalent(s), "files are named from the root of the repository")
	s.file = "./internal/lru/lru.go"
	assert.True(t, isEquivalent(s))
	s.text = "e.prev = nil"
	assert.False(t, isEquivalent(s))
}

// Each line of equivalent.txt matches a mutant of the current code.
func TestEquivalentMutantsExist(t *testing.T) {
	for line := range strings.Lines(equivalents) {
		file, rest, _ := strings.Cut(line, "\t")
		sites, err := sitesOf("../../" + file)
		require.NoError(t, err)
		assert.True(t, slices.ContainsFunc(sites, func(s site) bool {
			return strings.HasPrefix(rest, fmt.Sprintf("%s\t%s\t%q\t%q\t", s.function, s.code, s.old, s.text))
		}), line)
	}
}

func TestSites(t *testing.T) {
	sites, err := sitesOf("testdata/weak/weak.go")
	require.NoError(t, err)
	var texts []string
	for _, s := range sites {
		texts = append(texts, s.function+": "+s.old+" -> "+s.text)
	}
	assert.Equal(t, []string{
		": 100 -> 101",
		"Clamp: v < low -> !(v < low)",
		"Clamp: < -> <=",
		"Clamp: min -> max",
		"IsNegative: < -> <=",
		"IsNegative: 0 -> 1",
		"IsNegative: true -> false",
		"IsNegative: false -> true",
		"untested: true -> false",
		"runsInChild: true -> false",
	}, texts)
}
