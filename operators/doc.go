// Package operators turns streams into other streams.
//
// An operator is a function that takes an [rxsse.Observable] first and returns
// one, so that Go infers every type and a pipeline reads from top to bottom:
//
//	prices := operators.DecodeJSON[Price](operators.EventType(events, "price"))
//	latest := operators.Debounce(prices, 50*time.Millisecond)
//	windows := operators.Window(latest, operators.Tumbling(time.Second))
//
// A pipeline that is used twice is a Go function from Observable to Observable.
// Building one runs nothing; ranging over it does.
//
// # Synchronous operators
//
// Map, Filter, EventType, Decode, DecodeJSON, Scan, Take, Tap and Window over a
// count run on the consumer's goroutine as plain nested calls. They start no
// goroutine, hold at most what their documentation says, and pass backpressure
// straight on: the source does not read on until the consumer has returned.
//
// # Asynchronous operators
//
// Merge, Debounce and Window over time have to watch a clock, or several
// upstreams, at once. They run each upstream on a goroutine of its own, which is
// gone before the range over the result ends, and take its items through a queue
// of at most 256 items, besides those being delivered; while it is full the
// upstream waits. Debounce needs no queue: it holds the latest item only, and
// never makes its upstream wait.
//
// # How streams end
//
// Unless the documentation of an operator says otherwise: it completes when its
// upstream does; an error of its upstream is delivered after all that came before
// it, and is the last thing delivered; and when the context is cancelled, the
// error is its cause and whatever was held back is dropped. A panic in a function
// given to an operator reaches the consumer, see [rxsse.PanicError].
//
// Impossible arguments, such as a window of no length, panic when the operator is
// built.
package operators
