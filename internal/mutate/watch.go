package main

import (
	"bytes"
	"strings"
	"time"
)

// A watch reads the output of tests with -test.v, and stops them when they take too long.
type watch struct {
	times   map[string]time.Duration // of each test without a mutant
	running map[string]time.Duration
	line    []byte // the incomplete last line
	timer   *time.Timer
}

// outsideTests is how long the program may take before its first test, between two tests,
// and after the last one.
const outsideTests = 30 * time.Second

// maxLine is how many bytes of a line a watch keeps.
const maxLine = 1 << 16

func newWatch(tests []test, stop func()) *watch {
	w := &watch{times: map[string]time.Duration{}, running: map[string]time.Duration{}, timer: time.AfterFunc(outsideTests, stop)}
	for _, t := range tests {
		w.times[t.name] = t.time
	}
	return w
}

// Write reads the next part of the output.
func (w *watch) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		w.line = append(w.line, line[:min(len(line), maxLine-min(len(w.line), maxLine))]...)
		if bytes.HasSuffix(line, []byte("\n")) {
			w.read(strings.TrimSuffix(string(w.line), "\n"))
			w.line = w.line[:0]
		}
	}
	return len(p), nil
}

// read reads a line. The output of a test may precede that of package testing on it.
func (w *watch) read(line string) {
	if _, name, ok := strings.Cut(line, "=== RUN   "); ok && w.times[name] > 0 {
		w.running[name] = w.times[name]
		w.reset()
		return
	}
	for _, end := range []string{"--- PASS: ", "--- SKIP: ", "--- FAIL: "} {
		_, rest, ok := strings.Cut(line, end)
		name, _, _ := strings.Cut(rest, " ")
		if ok && w.running[name] > 0 {
			delete(w.running, name)
			w.reset()
		}
	}
}

// reset restarts the timer: running tests get a few times as long as without a mutant.
func (w *watch) reset() {
	if len(w.running) == 0 {
		w.timer.Reset(outsideTests)
		return
	}
	needed := time.Duration(0)
	for _, t := range w.running {
		needed += t
	}
	w.timer.Reset(2*time.Second + 4*needed)
}
