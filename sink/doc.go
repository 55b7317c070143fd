// Package sink ends streams: it collects, calls, writes.
//
// A sink is a function that subscribes to an [rxsse.Observable], blocks until the
// stream ends, and returns nil on completion and otherwise the first error: the
// stream's own, the cause of a cancelled context, or what went wrong in the sink.
// When it returns, everything the stream owned is gone.
package sink
