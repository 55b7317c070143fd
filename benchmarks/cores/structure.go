package cores

import (
	"fmt"

	"github.com/rxsse/rxsse/benchmarks/pipeline"
)

// A structure is used by several goroutines at the same time.
type structure struct {
	name  string
	title string
	unit  string
	file  string // of its chart, or "" for none
	// start returns the contenders, ours first, and a function that stops them.
	start func(sizes) (all []contender, stop func())
}

// A contender does the work of a structure.
type contender struct {
	name  string
	items int                   // a pass
	want  int64                 // the correct result of a pass
	pass  func() (int64, error) // does the work once and returns its result
}

// sizes is the amount of work in a pass.
type sizes struct {
	trades int // of an operator
	events int // of the Broadcaster, to each client
}

func structures() []structure {
	all := []structure{
		operator("Merge of 4", "Merge of 4 streams", "cores-merge.svg", func(c pipeline.Contender) func([]pipeline.Trade) int64 { return c.Merge }),
		zipped(),
	}
	for _, workers := range []int{1, 2, 4, 16} {
		all = append(all, parallel(workers))
	}
	return append(all,
		operator("Share to 4", "Share to 4 subscribers", "cores-share.svg", func(c pipeline.Contender) func([]pipeline.Trade) int64 { return c.FanOut }),
		broadcaster(),
	)
}

// operator returns an operator that each trade passes through once.
func operator(name, title, file string, of func(pipeline.Contender) func([]pipeline.Trade) int64) structure {
	return structure{name: name, title: title, unit: "ns/item", file: file, start: func(size sizes) ([]contender, func()) {
		return passes(size, size.trades, of), func() {}
	}}
}

// zipped returns Zip, whose items are pairs.
func zipped() structure {
	return structure{name: "Zip", title: "Zip of 2 streams", unit: "ns/pair", file: "cores-zip.svg", start: func(size sizes) ([]contender, func()) {
		return passes(size, size.trades/2, func(c pipeline.Contender) func([]pipeline.Trade) int64 { return c.Zip }), func() {}
	}}
}

// parallel returns Parallel with a very cheap function.
func parallel(workers int) structure {
	file := ""
	if workers == 16 {
		file = "cores-parallel.svg"
	}
	name := fmt.Sprintf("Parallel of %d", workers)
	return operator(name, name+", in order", file, func(c pipeline.Contender) func([]pipeline.Trade) int64 {
		if c.Parallel == nil {
			return nil
		}
		return func(all []pipeline.Trade) int64 { return c.Parallel(all, workers) }
	})
}

// passes returns the contenders that have the operator. The correct result is that of the
// hand-written loop.
func passes(size sizes, items int, of func(pipeline.Contender) func([]pipeline.Trade) int64) (all []contender) {
	trades := pipeline.Trades(size.trades)
	for _, c := range pipeline.Contenders() {
		if run := of(c); run != nil {
			all = append(all, contender{name: c.Name, items: items, pass: func() (int64, error) { return run(trades), nil }})
		}
	}
	want := of(pipeline.Loop())(trades)
	for i := range all {
		all[i].want = want
	}
	return all
}
