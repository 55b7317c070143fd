// Mutate measures whether the tests of a package detect faults. It makes one small change
// to the package at a time (a mutant), runs the tests, those that run the changed line
// first, and lists the mutants with which all tests pass.
//
//	go run ./internal/mutate -n 200 -seed 1 ./codec
//
// It prints one line for each mutant that survives, and a table at the end or when it is
// interrupted. Mutants that change nothing a test could detect are listed in equivalent.txt
// with the reason; they are not counted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
)

func main() {
	var (
		n     = flag.Int("n", 100, "mutants to try in each package; 0 tries all")
		seed  = flag.Uint64("seed", 1, "chooses the mutants")
		least = flag.Float64("least", 0, "fail if a package kills fewer than this many percent")
		tests = flag.String("tests", "", "packages whose tests run, with commas between; by default the package itself")
		only  = flag.String("only", "", "mutate only files whose name contains this")
		short = flag.Bool("short", false, "run the tests with -short")
	)
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: go run ./internal/mutate [flags] package...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	m := mutator{out: os.Stdout, short: *short, only: *only, n: *n, seed: *seed}
	if *tests != "" {
		m.tests = strings.Split(*tests, ",")
	}
	err := m.run(ctx, flag.Args(), *least)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// A mutator tries mutants of packages.
type mutator struct {
	out   io.Writer
	tests []string // packages whose tests run; empty: those of the mutated package
	only  string
	short bool
	n     int
	seed  uint64
}

// A tally counts the mutants of one package.
type tally struct {
	pkg                                          string
	sites, killed, survived, equivalent, invalid int
}

// percent returns the percentage of mutants that the tests detected.
func (t tally) percent() float64 {
	return 100 * float64(t.killed) / float64(max(1, t.killed+t.survived))
}

func (m *mutator) run(ctx context.Context, patterns []string, least float64) error {
	var tallies []tally
	for _, pattern := range patterns {
		t, err := m.mutate(ctx, pattern)
		if err != nil {
			return fmt.Errorf("%s: %w", pattern, err)
		}
		tallies = append(tallies, t)
	}
	fmt.Fprintf(m.out, "\nseed %d\n%-24s %6s %8s %8s %10s %8s\n", m.seed, "package", "sites", "killed", "survived", "equivalent", "noticed")
	weak := 0
	for _, t := range tallies {
		fmt.Fprintf(m.out, "%-24s %6d %8d %8d %10d %7.1f%%\n", t.pkg, t.sites, t.killed, t.survived, t.equivalent, t.percent())
		if t.percent() < least {
			weak++
		}
	}
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if weak > 0 {
		return fmt.Errorf("%d packages kill fewer than %g%% of their mutants", weak, least)
	}
	return nil
}

// mutate tries m.n mutants of the package in folder dir.
func (m *mutator) mutate(ctx context.Context, dir string) (tally, error) {
	t := tally{pkg: dir}
	sites, err := findSites(dir, m.only)
	if err != nil {
		return t, err
	}
	if len(sites) == 0 {
		return t, fmt.Errorf("nothing to mutate")
	}
	t.sites = len(sites)
	tests := m.tests
	if len(tests) == 0 {
		tests = []string{dir}
	}
	runner, err := newRunner(ctx, dir, tests, m.short)
	if err != nil {
		return t, err
	}
	defer runner.close()
	random := rand.New(rand.NewPCG(m.seed, 0))
	random.Shuffle(len(sites), func(i, j int) { sites[i], sites[j] = sites[j], sites[i] })
	for _, s := range sites {
		if m.n > 0 && t.killed+t.survived >= m.n {
			break
		}
		if isEquivalent(s) {
			t.equivalent++
			continue
		}
		result, err := runner.try(ctx, s)
		if ctx.Err() != nil {
			break // the table has the mutants tried so far
		}
		if err != nil {
			return t, err
		}
		switch result {
		case invalid:
			t.invalid++
		case killed:
			t.killed++
		case survived:
			t.survived++
			fmt.Fprintf(m.out, "survived: %s\n", s)
		}
	}
	return t, nil
}
