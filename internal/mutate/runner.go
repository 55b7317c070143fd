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
	"time"
)

// A result says what the tests made of a mutant.
type result int

const (
	invalid  result = iota // it does not compile
	killed                 // a test failed, or did not come to its end
	survived               // all tests passed
)

// A runner runs the tests of some packages with a mutant in place of one file.
type runner struct {
	tests   []string
	short   bool
	folder  string        // for what is built
	limit   time.Duration // for the tests of one package
	covered map[string][]block
}

// newRunner runs the tests once: they have to pass, and their time and their coverage
// are noted.
func newRunner(ctx context.Context, dir string, tests []string, short bool) (*runner, error) {
	folder, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return nil, err
	}
	r := &runner{tests: tests, short: short, folder: folder}
	profile := filepath.Join(folder, "coverage")
	arguments := append([]string{"test", "-count=1", "-coverpkg=" + dir, "-coverprofile=" + profile}, r.flags()...)
	begin := time.Now()
	if out, err := exec.CommandContext(ctx, "go", append(arguments, tests...)...).CombinedOutput(); err != nil {
		r.close()
		return nil, fmt.Errorf("the tests do not pass: %w\n%s", err, out)
	}
	r.limit = 10*time.Second + 3*time.Since(begin)
	r.covered, err = readCoverage(profile)
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *runner) close() { os.RemoveAll(r.folder) }

func (r *runner) flags() []string {
	if r.short {
		return []string{"-short"}
	}
	return nil
}

// try runs the tests with mutant s. No test runs the lines that none covers.
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
	if err := os.WriteFile(filepath.Join(r.folder, "overlay.json"), overlay, 0o600); err != nil {
		return invalid, err
	}
	for _, pkg := range r.tests {
		result, err := r.test(ctx, pkg, covers(r.covered[filepath.Base(s.file)], s.line))
		if err != nil || result != survived {
			return result, err
		}
	}
	return survived, nil
}

// test builds the tests of pkg with the mutant and, if run is set, runs them.
func (r *runner) test(ctx context.Context, pkg string, run bool) (result, error) {
	binary := filepath.Join(r.folder, "mutant.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay="+filepath.Join(r.folder, "overlay.json"), "-o", binary, pkg)
	if err := build.Run(); err != nil {
		return invalid, ctx.Err()
	}
	if !run {
		return survived, nil
	}
	limited, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	arguments := []string{"-test.failfast"}
	for _, flag := range r.flags() {
		arguments = append(arguments, "-test."+flag[1:])
	}
	test := exec.CommandContext(limited, binary, arguments...)
	test.Dir = pkg
	test.WaitDelay = time.Second // a child of the tests may hold their output open
	err := test.Run()
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
