// Command report runs the benchmarks and writes RESULTS.md and the charts. Run it in the
// folder benchmarks:
//
//	go run ./cmd/report              # everything, in less than 12 minutes
//	go run ./cmd/report -only parser # one section; the others stay as they are
//	go run ./cmd/report -quick       # each contender once, into a temporary folder, to check that all work
package main

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/rxsse/rxsse/benchmarks/child"
	"github.com/rxsse/rxsse/benchmarks/cores"
	"github.com/rxsse/rxsse/benchmarks/endtoend"
	"github.com/rxsse/rxsse/benchmarks/fanout"
	"github.com/rxsse/rxsse/benchmarks/idle"
	"github.com/rxsse/rxsse/benchmarks/jsondecode"
	"github.com/rxsse/rxsse/benchmarks/latency"
	"github.com/rxsse/rxsse/benchmarks/measure"
	"github.com/rxsse/rxsse/benchmarks/parser"
	"github.com/rxsse/rxsse/benchmarks/pipeline"
	"github.com/rxsse/rxsse/benchmarks/report"
	"github.com/rxsse/rxsse/benchmarks/scale"
)

// A section is one of the benchmarks.
type section struct {
	name string
	run  func(measure.Plan) (report.Section, error)
}

func sections() []section {
	return []section{
		{parser.Name, parser.Section},
		{pipeline.Name, pipeline.Section},
		{jsondecode.Name, jsondecode.Section},
		{endtoend.Name, endtoend.Section},
		{latency.Name, latency.Section},
		{fanout.Name, fanout.Section},
		{fanout.PaceName, fanout.Pace},
		{fanout.LoadName, fanout.Load},
		{fanout.CrowdName, fanout.Crowd},
		{idle.Name, idle.Section},
		{cores.Name, cores.Section},
		{scale.Name, scale.Section},
	}
}

func main() {
	child.Main(parts())
	quick := flag.Bool("quick", false, "run each contender about once")
	only := flag.String("only", "", "run the section of this `name` alone")
	out := flag.String("out", "", "write RESULTS.md and charts into this `folder`; by default this one, and with -quick a new one")
	flag.Parse()
	if err := run(*quick, *only, *out); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(quick bool, only, out string) error {
	plan := measure.Plan{Rounds: 7, Sample: 40 * time.Millisecond}
	if quick {
		plan = measure.Quick
	}
	out, err := folder(quick, out)
	if err != nil {
		return err
	}
	file := report.File{Folder: out, Quick: quick, Versions: report.Versions(peers()...)}
	for _, s := range sections() {
		file.Order = append(file.Order, s.name)
	}
	found := false
	for _, s := range sections() {
		if only != "" && only != s.name {
			continue
		}
		found = true
		begin := time.Now()
		result, err := s.run(plan)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		took := time.Since(begin)
		fmt.Fprintf(os.Stderr, "%s: %s\n", s.name, report.Time(took))
		if err := file.Put(result, took); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if !found {
		return fmt.Errorf("there is no section %q, but %v", only, file.Order)
	}
	return nil
}

// folder returns where the report is written. A quick run does not overwrite the published
// results.
func folder(quick bool, out string) (string, error) {
	if !quick {
		return cmp.Or(out, "."), nil
	}
	if out == "" {
		temporary, err := os.MkdirTemp("", "rxsse-report")
		fmt.Fprintln(os.Stderr, "writing to", temporary)
		return temporary, err
	}
	if _, err := os.Stat(filepath.Join(out, "go.mod")); err == nil {
		return "", fmt.Errorf("%s: a quick run does not write over the published results; choose another folder", out)
	}
	return out, nil
}

// parts returns the parts that child processes of this program run.
func parts() map[string]child.Part {
	all := map[string]child.Part{}
	maps.Copy(all, jsondecode.Parts())
	maps.Copy(all, endtoend.Parts())
	maps.Copy(all, latency.Parts())
	maps.Copy(all, fanout.Parts())
	maps.Copy(all, idle.Parts())
	maps.Copy(all, scale.Parts())
	return all
}

// peers are the modules whose versions the report lists.
func peers() []string {
	return []string{
		"github.com/tmaxmax/go-sse",
		"github.com/launchdarkly/eventsource",
		"github.com/donovanhide/eventsource",
		"github.com/r3labs/sse/v2",
		"github.com/samber/ro",
		"github.com/reactivex/rxgo/v2",
		"github.com/reugn/go-streams",
		"github.com/go-json-experiment/json",
		"github.com/goccy/go-json",
		"github.com/segmentio/encoding",
		"github.com/bytedance/sonic",
	}
}
