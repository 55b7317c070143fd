package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// A result is the outcome of the tests with a mutant.
type result int

const (
	invalid  result = iota // it does not compile
	killed                 // a test failed or did not finish
	survived               // all tests passed
)

// A test is one Test, Fuzz or Example function.
type test struct {
	pkg, name string
	time      time.Duration
	ran       map[string][]block // by the base name of the file
}

// A runner runs the tests of some packages with a mutant in place of one file.
type runner struct {
	dir    string
	short  bool
	folder string // for built files
	pkgs   []string
	tests  []test
}

// newRunner runs each test alone, without a mutant, to measure its coverage and time.
func newRunner(ctx context.Context, dir string, pkgs []string, short bool) (*runner, error) {
	folder, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return nil, err
	}
	r := &runner{dir: dir, short: short, folder: folder, pkgs: pkgs}
	for _, pkg := range pkgs {
		if err := r.measure(ctx, pkg); err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}

func (r *runner) measure(ctx context.Context, pkg string) error {
	covered, err := filepath.Rel(pkg, r.dir)
	if err != nil {
		return err
	}
	if err := r.build(ctx, pkg, "-cover", "-coverpkg=./"+filepath.ToSlash(covered)); err != nil {
		return err
	}
	list := exec.CommandContext(ctx, r.binary(), "-test.list", "^(Test|Fuzz|Example)")
	list.Dir = pkg
	out, err := list.Output()
	if err != nil {
		return err
	}
	profile := filepath.Join(r.folder, "coverage")
	for name := range strings.FieldsSeq(string(out)) {
		t := test{pkg: pkg, name: name}
		run := r.command(ctx, pkg, []string{name}, "-test.coverprofile="+profile)
		begin := time.Now()
		if out, err := run.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %s does not pass alone: %w\n%s", pkg, name, err, out)
		}
		t.time = time.Since(begin)
		if t.ran, err = readCoverage(profile); err != nil {
			return err
		}
		r.tests = append(r.tests, t)
	}
	return nil
}

func (r *runner) close() { os.RemoveAll(r.folder) }

// try runs the tests with mutant s, until one fails.
func (r *runner) try(ctx context.Context, s site) (result, error) {
	source, err := os.ReadFile(s.file)
	if err != nil {
		return invalid, err
	}
	mutant := filepath.Join(r.folder, "mutant.go")
	if err := os.WriteFile(mutant, bytes.Join([][]byte{source[:s.start], source[s.end:]}, []byte(s.text)), 0o600); err != nil {
		return invalid, err
	}
	file, err := filepath.Abs(s.file)
	if err != nil {
		return invalid, err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{file: mutant}})
	if err != nil {
		return invalid, err
	}
	path := filepath.Join(r.folder, "overlay.json")
	if err := os.WriteFile(path, overlay, 0o600); err != nil {
		return invalid, err
	}
	for _, pkg := range r.pkgs {
		if err := r.build(ctx, pkg, "-overlay="+path); err != nil {
			return invalid, ctx.Err()
		}
		if result, err := r.run(ctx, pkg, s); err != nil || result != survived {
			return result, err
		}
	}
	return survived, nil
}

// quick is the maximum time of a test that runs before the slow ones: most mutants fail a
// quick test.
const quick = 300 * time.Millisecond

// run runs the tests that build compiled: first the quick tests that run the line of s, then
// the slow ones, then the other tests, which may run the line in a child process. Coverage
// includes neither child processes nor the lines of constants.
func (r *runner) run(ctx context.Context, pkg string, s site) (result, error) {
	var groups [3][]test
	for _, t := range r.tests {
		switch {
		case t.pkg != pkg:
		case s.function != "" && !covers(t.ran[filepath.Base(s.file)], s.ran):
			groups[2] = append(groups[2], t)
		case t.time > quick:
			groups[1] = append(groups[1], t)
		default:
			groups[0] = append(groups[0], t)
		}
	}
	for _, tests := range groups {
		if result, err := r.runTests(ctx, pkg, tests); err != nil || result != survived {
			return result, err
		}
	}
	return survived, nil
}

// runTests runs some tests. They fail if one takes a few times as long as without a mutant.
func (r *runner) runTests(ctx context.Context, pkg string, tests []test) (result, error) {
	if len(tests) == 0 {
		return survived, nil
	}
	names := make([]string, len(tests))
	for i, t := range tests {
		names[i] = t.name
	}
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	w := newWatch(tests, cancel)
	defer w.timer.Stop()
	c := r.command(limited, pkg, names, "-test.failfast", "-test.v")
	c.Stdout = w
	err := c.Run()
	if ctx.Err() != nil {
		return invalid, ctx.Err()
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return survived, nil
	case errors.As(err, &exit), limited.Err() != nil:
		return killed, nil
	}
	return invalid, err
}

func (r *runner) binary() string { return filepath.Join(r.folder, "mutant.test") }

// build compiles the tests of pkg, in its folder, which may be in a module of its own.
func (r *runner) build(ctx context.Context, pkg string, flags ...string) error {
	arguments := append([]string{"test", "-c", "-vet=off", "-ldflags=-w", "-o", r.binary()}, flags...)
	c := exec.CommandContext(ctx, "go", arguments...)
	c.Dir = pkg
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s does not build: %w\n%s", pkg, err, out)
	}
	return nil
}

// command returns the command that runs the named tests of pkg.
func (r *runner) command(ctx context.Context, pkg string, names []string, flags ...string) *exec.Cmd {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = regexp.QuoteMeta(name)
	}
	arguments := append([]string{"-test.run=^(" + strings.Join(quoted, "|") + ")$"}, flags...)
	if r.short {
		arguments = append(arguments, "-test.short")
	}
	c := exec.CommandContext(ctx, r.binary(), arguments...)
	c.Dir = pkg
	c.WaitDelay = time.Second // a child of the tests may hold their output open
	return c
}
