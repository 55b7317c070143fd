// Package window assigns items to windows and delivers the windows that close. It is
// the engine of operators.Window, Aggregate and AggregateBy.
//
// It starts no goroutine and sets no timer: its caller passes items and the time, and asks
// [Windows.Next] when to call again. All of it runs on the consumer's goroutine.
//
//	file              what
//	window.go         Windows, the interface of all kinds
//	cells.go          Table, the keys and accumulators of windows: all code that is generic
//	accumulator.go    what a window holds: a folded value, or its items
//	chunk_list.go     a list of items that grows without copying
//	aligned.go        Tumbling and Sliding: windows on a grid that all keys share
//	grid.go           the grid: where those windows begin, with offset and time zone
//	opened.go         windows that begin with an item: ByCount, ByWeight, ByLast, BySession
//	session.go        BySession in event time, where items arrive out of order
//	watermark.go      event time: how far time has advanced, over one source or several
//	early.go          results of windows that are still open
//	position.go       where a stream can resume after a result
//	state.go          saving and loading what is open
//	replay.go         which items the server sends again after a restart
//	instant.go        arithmetic on time that saturates
//
// To add another result, such as a quantile, write an [Accumulator]. To add another kind of
// window, implement [Windows]; operators/window_plan.go chooses the implementation.
package window
