package pipeline

// A contender is one way to write the pipelines. Each takes the trades through
// one and returns a number that shows whether all was done. What a contender
// has no operators for is nil.
type contender struct {
	name  string
	about string
	// windows: filter, map, windows of 100, reduce to the sum over all.
	windows func([]trade) int64
	// debounce: a millisecond, with items coming as fast as they can; the ID of
	// the last item delivered.
	debounce func([]trade) int64
	// keyed: the sum by key.
	keyed func([]trade) int64
	// merge: four streams, each run concurrently, into one; the sum.
	merge func([]trade) int64
	// fanOut: one stream to four consumers that run concurrently and lose nothing;
	// the sum of their sums.
	fanOut func([]trade) int64
}

// item returns the value in an interface, as programs do that know its type.
func item[T any](v any) T {
	return v.(T) //nolint:errcheck // another type would be a mistake of ours, and should be seen
}

// contenders are all that take part, in the order of the tables.
func contenders() []contender {
	return []contender{ours(), loop(), samberRo(), rxGo(), rxGoBuffered(), goStreams()}
}
