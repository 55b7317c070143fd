// Package rxssetest checks sources and operators against the contract of
// [rxsse.Observable], as testing/fstest checks file systems. The library's own sources
// and operators are checked with it, and hand-written ones should be too:
//
//	func TestEvens(t *testing.T) {
//		rxssetest.Operator[int, int]{
//			Apply: Evens,
//			Items: []int{1, 2, 3},
//		}.Check(t)
//	}
//
// A check runs every way in which a stream can end: completion, an error, a
// cancellation, a break, a panic in the consumer, a panic in a function of the user,
// two subscriptions at the same time. Each is a subtest in a bubble of
// [testing/synctest]. The clock of a bubble is fake: time passes at once, a stream
// that ends late by a millisecond fails, and every goroutine left behind is found.
// So a stream under check must not use the network or other things outside of
// the bubble; an in-memory connection such as net.Pipe is fine.
package rxssetest
