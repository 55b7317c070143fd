package operators

import (
	"slices"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/window"
)

// A WindowInfo describes the window of a result of [Window], [Aggregate] or [AggregateBy].
type WindowInfo struct { //nolint:recvcheck // ClearResumeID is its only setter
	// Start and End bound the window, in the local time zone. Windows over time hold items
	// with Start <= t < End. For windows by count, weight or last item, Start is the
	// arrival of the first item and End the time when the window closed.
	Start, End time.Time
	// Resume is the ID after which the stream can resume once this result and all earlier
	// ones are processed: no open window holds an item up to that ID. It is "" if that ID
	// is unknown or items have no positions, see [codec.Resumable].
	Resume string `json:"-"`
	// Partial reports that the stream ended before the window did. Resume is before the
	// first item of the window, so a stream that resumes there loses none of its items.
	Partial bool `json:",omitzero"`
	// Early reports that the window is still open, see [WithEarlyEvery].
	Early bool `json:",omitzero"`
	// Late is the number of items since the previous result that were too late for their
	// windows, see [EventTime].
	Late int `json:",omitzero"`
}

// ResumeID returns Resume. It implements [codec.Resumable].
func (w WindowInfo) ResumeID() string { return w.Resume }

// ClearResumeID sets Resume to "", see [codec.Resumable].
func (w *WindowInfo) ClearResumeID() { w.Resume = "" }

// IsPartial returns Partial.
func (w WindowInfo) IsPartial() bool { return w.Partial }

func (WindowInfo) isWindow() bool { return true }

// A WindowOf is a window of a stream with its items, in the order of arrival. The receiver
// owns the items.
type WindowOf[T any] struct {
	WindowInfo

	Items []T
}

// maxPresized bounds the number of items for which a window by count allocates room before
// they arrive.
const maxPresized = 1024

// Window groups the items of src into windows according to spec, and delivers each window
// when it closes. Windows without items are not delivered.
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
// A window holds all of its items until it closes; [Aggregate] needs less memory.
//
// Window runs on the consumer's goroutine if no clock ends its windows: by count, weight or
// last item without Within, and in event time without Idle. Otherwise, and with
// [WithEarlyEvery], src runs on its own goroutine, and Window takes its items from a queue
// of at most 256, which makes src wait while it is full. Without event time, an item
// belongs to the window that is open when Window takes it from the queue. If the consumer
// is slow, that is later than the item's arrival; use [EventTime] for windows that do not
// depend on the consumer. One timer serves all windows and keys.
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
		if info.Early { // the window still uses its slice
			items = slices.Clone(items)
		}
		return WindowOf[T]{info, items}
	})
}
