package operators

import (
	"slices"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/window"
)

// WindowInfo is what the results of [Window], [Aggregate] and [AggregateBy] have in
// common.
type WindowInfo struct { //nolint:recvcheck // ClearResumeID is its only setter
	// Start and End bound the window. Windows over time hold items with
	// Start <= t < End. For windows by count, weight or last item, Start is when the first
	// item arrived and End when the window closed.
	Start, End time.Time
	// Resume is the ID after which the stream can resume once this result and all before
	// it have been processed: no open window holds an item before that. It is "" if it is
	// unknown, as for items without positions, see [codec.Resumable].
	Resume string `json:"-"`
	// Partial reports that the stream ended before the window did. The rest of the window
	// follows if the stream resumes; Resume is before the window.
	Partial bool `json:",omitzero"`
	// Early reports that the window is still open, see [WithEarlyEvery].
	Early bool `json:",omitzero"`
	// Late is how many items have been too late for their windows since the previous
	// result, see [EventTime].
	Late int `json:",omitzero"`
}

// ResumeID returns Resume. It implements [codec.Resumable].
func (w WindowInfo) ResumeID() string { return w.Resume }

// ClearResumeID sets Resume to "", see [codec.Resumable].
func (w *WindowInfo) ClearResumeID() { w.Resume = "" }

// IsPartial returns Partial.
func (w WindowInfo) IsPartial() bool { return w.Partial }

// A WindowOf is a window of a stream, with its items in the order in which they arrived.
// The receiver owns the items.
type WindowOf[T any] struct {
	WindowInfo

	Items []T
}

// maxPresized bounds the room that a window by count allocates before its items arrive.
const maxPresized = 1024

// Window groups the items of src into the windows that spec assigns them to, and
// delivers each window when it closes. Windows without items are not delivered.
//
//	src:                             -1-2----3--------4--|
//	Window(Tumbling(5)):             -----[12]----[3]---------([4]|)
//	Window(Sliding(10, 5)):          -----[12]----[123]----[3]----([4][4]|)
//	Window(BySession(3)):            ------[12]----[3]--------([4]|)
//	Window(ByCount(2)):              ---[12]-------------[34]--|
//	Window(ByCount(2).Within(4)):    ---[12]--------[3]-------([4]|)
//	Window(BySlidingCount(3, 1)):    --------[123]----[234]--([34][4]|)
//
// When src completes, the open windows are delivered as partial results, and when src
// fails, before the error. On cancel they are dropped.
//
// A window holds all of its items until it closes; [Aggregate] holds less. Windows
// that no time ends, and event time without Idle, run on the consumer's goroutine.
// Other windows run src on a goroutine of its own and take its items through a queue of
// at most 256; while that is full, src waits. An item then counts in the window that is
// open when it is taken from the queue, which with a slow consumer is later than when it
// arrived; use [EventTime] for windows that do not depend on that. There is one timer,
// for the window that closes first.
//
// Window panics if spec is invalid.
func Window[T any, W WindowSpec[T]](src rxsse.Observable[T], spec W, opts ...WindowOption) rxsse.Observable[WindowOf[T]] {
	mustNotBeNil("Window: src", src == nil)
	plan := newWindowPlan[T]("Window", spec, opts)
	if plan.onGrid() {
		return windowed(src, plan, nil, window.Lists[T], func(_ struct{}, items *window.ChunkList[T], info WindowInfo) WindowOf[T] {
			return WindowOf[T]{info, items.Items()}
		})
	}
	room := 0
	if plan.weight == nil {
		room = min(plan.bounds.Limit, maxPresized)
	}
	inSlices := func() window.Accumulator[T, []T] { return window.Slices[T](room) }
	if plan.plainCount() {
		return windowCount(src, plan.bounds.Limit, inSlices(), func(items []T, info WindowInfo) WindowOf[T] {
			return WindowOf[T]{info, items}
		})
	}
	return windowed(src, plan, nil, inSlices, func(_ struct{}, items []T, info WindowInfo) WindowOf[T] {
		if info.Early { // the window goes on with its slice
			items = slices.Clone(items)
		}
		return WindowOf[T]{info, items}
	})
}
