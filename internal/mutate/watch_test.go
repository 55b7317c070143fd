package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// Each row prints some lines a second apart, in two parts each.
func TestWatch(t *testing.T) {
	for name, row := range map[string]struct {
		lines string
		want  time.Duration // from the last line to the end
	}{
		"before the first test": {"setting up", 29 * time.Second},
		"in a test":             {"=== RUN   TestA", 2*time.Second + 4*10*time.Second},
		"in its subtest":        {"=== RUN   TestA|=== RUN   TestA/B", time.Second + 4*10*time.Second},
		"after a test":          {"=== RUN   TestA|--- PASS: TestA (0.01s)", 30 * time.Second},
		"in the second test":    {"=== RUN   TestA|--- SKIP: TestA (0.01s)|=== RUN   TestB", 2*time.Second + 4*time.Second},
		"in two at a time":      {"=== RUN   TestA|=== PAUSE TestA|=== RUN   TestB", 2*time.Second + 4*11*time.Second},
		"behind output":         {"=== RUN   TestA|hello--- FAIL: TestA (0.01s)|hello=== RUN   TestB", 2*time.Second + 4*time.Second},
		"after a long line":     {strings.Repeat("x", 2*maxLine) + "|=== RUN   TestB", 2*time.Second + 4*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var stopped time.Time
				w := newWatch([]test{{name: "TestA", time: 10 * time.Second}, {name: "TestB", time: time.Second}}, func() { stopped = time.Now() })
				var last time.Time
				for line := range strings.SplitSeq(row.lines, "|") {
					time.Sleep(time.Second)
					last = time.Now()
					fmt.Fprint(w, line[:len(line)/2])
					fmt.Fprintln(w, line[len(line)/2:])
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				assert.Equal(t, row.want, stopped.Sub(last))
			})
		})
	}
}
