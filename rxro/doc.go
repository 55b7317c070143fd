// Package rxro is the bridge between [rxsse.Observable] and samber/ro, in both directions:
//
//	ToRo  to ro     one of our streams with the operators of ro
//	From  from ro   an observable of ro as a stream of ours
//
// To use an operator of ro in a pipeline, use both:
//
//	sums := rxro.From(ro.Pipe1(rxro.ToRo(prices), ro.Scan(add, 0)))
//
// # What ro does
//
// These properties of ro v0.4.0 affect the bridge:
//
//   - Many operators of ro ignore contexts, so a subscription has to be ended by
//     Unsubscribe. [From] unsubscribes when its range ends.
//   - A source that sends within Subscribe (Just, Range, FromSlice, Repeat) cannot be
//     stopped, because Subscribe has not yet returned the subscription. After a range has
//     ended, such a source runs to its end on a goroutine that drops the items. The sources
//     of package source can be stopped.
//   - ro turns a panic in a function given to its operators into an error of the stream.
//   - Share and the subjects send to one subscriber after the other, so the slowest one
//     sets the pace. operators.Share has a queue for each subscriber.
package rxro
