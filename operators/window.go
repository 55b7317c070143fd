package operators

import (
	"time"

	"github.com/rxsse/rxsse"
)

// A Windowed is one closed window of a stream: its bounds, and its items in the
// order in which they came. The items belong to the receiver.
type Windowed[T any] struct {
	// Start and End bound the window. For windows over time they are the window's
	// own bounds, [Start, End): an item at End belongs to the next one. For windows
	// over a count they are when the first item came and when the window closed.
	Start, End time.Time
	Items      []T
}

// maxPresized bounds what a window over a count sets aside for items that have
// not come yet.
const maxPresized = 1024

// Window groups the items of src into the windows that w assigns them to, an
// [Assigner] such as [Tumbling] or an [EventTime], and delivers each window when
// it closes. Windows without items are not delivered.
//
//	src:                        -1-2----3--------4--|
//	Window(Tumbling(5)):        -----[12]----[3]---------([4]|)
//	Window(Sliding(10, 5)):     -----[12]----[123]----[3]----([4][4]|)
//	Window(Session(3)):         ------[12]----[3]--------([4]|)
//	Window(Count(2)):           ---[12]-------------[34]--|
//	Window(CountOrTime(2, 4)):  ---[12]--------[3]-------([4]|)
//
// The open windows, though they are not over or not full, are delivered when src
// completes, and when src fails, before the error. On cancel they are dropped.
//
// A window is held until it closes, whatever number of items that is; [Aggregate]
// holds less. Over a count, and over event time without an idle timeout, Window
// runs on the consumer's goroutine. Otherwise it runs src on a goroutine of its
// own and takes its items through a queue of at most 256; while that is full src
// waits. With a consumer that is slower than the stream, an item so counts in the
// window that is open when it is taken from the queue, not when it arrived: see
// [EventTime] for windows that do not depend on that. It then sets one timer, for the window that closes first, and none
// while it holds no item.
func Window[T any, W Windowing[T]](src rxsse.Observable[T], w W) rxsse.Observable[Windowed[T]] {
	assigner, event := windowing[T]("Window", w)
	room := min(assigner.count, maxPresized)
	if event == nil && !assigner.timed() {
		return windowCount(src, assigner.count, gather[T](room), func(start, end time.Time, items []T) Windowed[T] {
			return Windowed[T]{start, end, items}
		})
	}
	result := func(start, end instant, items []T) Windowed[T] {
		return Windowed[T]{start.time(), end.time(), items}
	}
	return windowed(src, assigner, event, windowKind[T, Windowed[T], struct{}, []T]{
		fold:   gather[T](room),
		result: func(_ struct{}, start, end instant, items []T) Windowed[T] { return result(start, end, items) },
		contents: func() contents[T, Windowed[T]] {
			return &itemContents[T, Windowed[T]]{result: result}
		},
	})
}
