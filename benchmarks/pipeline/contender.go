package pipeline

// A Contender is one way to write the pipelines. Each function runs the trades through one
// pipeline and returns a number that shows whether it did all the work. Pipelines for which
// the contender has no operators are nil.
type Contender struct {
	Name  string
	About string
	// Windows: filter, map, windows of 100, reduce to the sum over all.
	Windows func([]Trade) int64
	// Debounce: a millisecond, with items as fast as possible; the ID of the last item
	// delivered.
	Debounce func([]Trade) int64
	// Keyed: the sum by key.
	Keyed func([]Trade) int64
	// Merge: four streams, each run concurrently, into one; the sum.
	Merge func([]Trade) int64
	// FanOut: one stream to four consumers that run concurrently and lose nothing;
	// the sum of their sums.
	FanOut func([]Trade) int64
	// Zip: the first half of the trades with the second half, pair by pair, both run
	// concurrently; a number that depends on the pairs.
	Zip func([]Trade) int64
	// Parallel: a fee for each trade, computed on this number of goroutines, with the
	// results in the order of the trades; a number that depends on the order.
	Parallel func(all []Trade, workers int) int64
}

// item returns the value in an interface, as programs that know its type do.
func item[T any](v any) T {
	return v.(T) //nolint:errcheck // another type would be our mistake, and should panic
}

// Contenders returns all contenders, in the order of the tables.
func Contenders() []Contender {
	return []Contender{ours(), Loop(), samberRo(), rxGo(), rxGoBuffered(), goStreams()}
}
