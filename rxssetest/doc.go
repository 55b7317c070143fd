// Package rxssetest checks sources and operators against the contract of
// [rxsse.Observable], as testing/fstest checks file systems. The library's own sources and
// operators are checked with it, and hand-written ones should be too:
//
//	func TestEvens(t *testing.T) {
//		rxssetest.Operator[int, int]{
//			Apply: Evens,
//			Items: []int{1, 2, 3},
//			Want:  []int{2},
//		}.Check(t)
//	}
//
// A check runs every way in which a stream can end: completion, an error, a cancellation, a
// break, a panic in the consumer, a panic in a user's function, and two concurrent
// subscriptions. Each is a subtest in a [testing/synctest] bubble with a fake clock:
// waiting takes no time, a stream that ends a millisecond late fails, and every goroutine
// left behind is found. The stream must therefore not use the network or anything else
// outside the bubble; an in-memory connection such as net.Pipe is fine.
package rxssetest
