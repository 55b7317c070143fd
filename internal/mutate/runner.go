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

// newRunner runs the tests twice without a mutant, for their coverage and for their time.
func newRunner(ctx context.Context, dir string, tests []string, short bool) (*runner, error) {
	folder, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return nil, err
	}
	r := &runner{tests: tests, short: short, folder: folder}
	profile := filepath.Join(folder, "coverage")
	arguments := []string{"test", "-count=1", "-coverpkg=" + dir, "-coverprofile=" + profile}
	if short {
		arguments = append(arguments, "-short")
	}
	if out, err := exec.CommandContext(ctx, "go", append(arguments, tests...)...).CombinedOutput(); err != nil {
		r.close()
		return nil, fmt.Errorf("the tests do not pass: %w\n%s", err, out)
	}
	r.covered, err = readCoverage(profile)
	if err == nil {
		err = r.measure(ctx)
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// measure sets the limit: a few times what the slowest tests need without a mutant.
func (r *runner) measure(ctx context.Context) error {
	if err := os.WriteFile(r.overlay(), []byte("{}"), 0o600); err != nil {
		return err
	}
	r.limit = time.Hour
	slowest := time.Duration(0)
	for _, pkg := range r.tests {
		if err := r.build(ctx, pkg); err != nil {
			return err
		}
		begin := time.Now()
		result, err := r.run(ctx, pkg)
		if err != nil {
			return err
		}
		if result != survived {
			return fmt.Errorf("%s: the tests passed once and failed once", pkg)
		}
		slowest = max(slowest, time.Since(begin))
	}
	r.limit = 2*time.Second + 4*slowest
	return nil
}

func (r *runner) close() { os.RemoveAll(r.folder) }

// try runs the tests with mutant s.
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
	if err := os.WriteFile(r.overlay(), overlay, 0o600); err != nil {
		return invalid, err
	}
	run := covers(r.covered[filepath.Base(s.file)], s.line)
	for _, pkg := range r.tests {
		if err := r.build(ctx, pkg); err != nil {
			return invalid, ctx.Err()
		}
		if !run {
			continue // it compiles, and no test runs this line
		}
		if result, err := r.run(ctx, pkg); err != nil || result != survived {
			return result, err
		}
	}
	return survived, nil
}

func (r *runner) overlay() string { return filepath.Join(r.folder, "overlay.json") }
func (r *runner) binary() string  { return filepath.Join(r.folder, "mutant.test") }

// build compiles the tests of pkg with the mutant.
func (r *runner) build(ctx context.Context, pkg string) error {
	return exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-w", "-overlay="+r.overlay(), "-o", r.binary(), pkg).Run()
}

// run runs what build has compiled.
func (r *runner) run(ctx context.Context, pkg string) (result, error) {
	limited, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	arguments := []string{"-test.failfast"}
	if r.short {
		arguments = append(arguments, "-test.short")
	}
	test := exec.CommandContext(limited, r.binary(), arguments...)
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
