package rxssetest_test

import (
	"maps"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A fault is a stream that breaks a rule, and what the checker must say of it.
type fault struct {
	check func(t *testing.T)
	want  string // what the report contains
	fails string // the cases that fail, separated by commas
}

// faults holds all faults by their names.
func faults() map[string]fault {
	all := map[string]fault{}
	for _, some := range []map[string]fault{faultyOperators, faultyWithPanics, misdescribed, faultySources} {
		maps.Copy(all, some)
	}
	return all
}

// TestTheCheckerCatchesFaults runs the checker on each fault in a separate process, because
// the test must fail there. The cases that fail are compared, all of them, since most faults
// fail several: a case that no longer looks at what it should would be hidden by the others.
func TestTheCheckerCatchesFaults(t *testing.T) {
	const variable = "RXSSETEST_FAULT"
	if name := os.Getenv(variable); name != "" {
		faults()[name].check(t)
		return
	}
	program, err := os.Executable()
	require.NoError(t, err)
	for name, f := range faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestTheCheckerCatchesFaults$", "-test.timeout=20s")
			cmd.Env = append(os.Environ(), variable+"="+name)
			out, err := cmd.CombinedOutput()
			var failed *exec.ExitError
			require.ErrorAs(t, err, &failed, "the check passes:\n%s", out)
			assert.Contains(t, string(out), f.want)
			assert.Equal(t, f.fails, failedCases(string(out)), "the cases that fail:\n%s", out)
		})
	}
}

var failedCase = regexp.MustCompile(`--- FAIL: TestTheCheckerCatchesFaults/(\S+)`)

// failedCases returns the names of the subtests that fail in the output of a test.
func failedCases(output string) string {
	var names []string
	for _, match := range failedCase.FindAllStringSubmatch(output, -1) {
		names = append(names, strings.ReplaceAll(match[1], "_", " "))
	}
	return strings.Join(names, ", ")
}
