package operators

import (
	"fmt"
	"time"

	"github.com/rxsse/rxsse/internal/argument"
)

// An EventTime assigns items to windows by the time that they carry, regardless of when and
// in what order they arrive. Pass it to [Window], [Aggregate] or [AggregateBy] in place of
// an [Assigner].
//
//	operators.EventTime[Trade]{
//		Assigner:   operators.Tumbling(time.Minute),
//		Timestamp:  func(t Trade) time.Time { return t.Time },
//		OutOfOrder: 5 * time.Second,
//	}
//
// Time advances with the items. The watermark is the newest timestamp so far minus
// OutOfOrder, and a window closes when the watermark reaches its end. An item later than
// OutOfOrder and Lateness allow is too late: it is dropped, counted in WindowInfo.Late, and
// logged or passed to Late. Apart from that, the contents of a window do not depend on when
// items arrive, but their order does: to find the first or the last by time, such as the
// open and close of a candle, compare timestamps.
//
// With several sources, such as two merged feeds, set Source. The watermark is then the
// minimum over the sources, so items that one feed replays after a reconnect are not late
// because another feed has advanced.
//
// A single timestamp in the far future makes all later items too late; filter out such
// items before the operator.
//
// Windows close in the order of their ends, and those with the same end in the order of
// their keys' first items. Sessions hold their items, even for Aggregate and AggregateBy,
// because a later item can join two of them. A joined session has the items of the earlier
// session first.
//
// In terms of Apache Flink, OutOfOrder is the bounded out-of-orderness, Lateness the
// allowed lateness, Late the side output for late data, Source the partition, and Idle the
// idleness of a source.
type EventTime[T any] struct {
	// Assigner is Tumbling, Sliding or BySession.
	Assigner Assigner
	// Timestamp returns the time of an item.
	Timestamp func(T) time.Time
	// Untimed is called with each item that has no usable time: Timestamp returned the zero
	// time, or a time before 1824 or after 2115. Default: such an item ends the stream with
	// an error.
	Untimed func(T)
	// OutOfOrder is how much older than the newest item of its source an item can be and
	// still be on time. Windows stay open that much longer. Default 0: items are in order.
	OutOfOrder time.Duration
	// Lateness is how long, in event time, a delivered window is kept for late items. Each
	// late item delivers its window again, with all its items and the same bounds (a
	// session may have grown); AggregateBy delivers only the item's key. These results
	// share what an accumulator points to. Default 0: a window is delivered once.
	Lateness time.Duration
	// Late is called with each item that is too late for all of its windows, on the
	// consumer's goroutine. Default: such items are logged through slog.Default when their
	// number reaches 1, 10, 100 and so on.
	Late func(T)
	// Source returns the source of an item. The watermark is the minimum over the sources.
	// Default: all items have the same source.
	Source func(T) string
	// Sources is the number of sources. No window closes before an item of each has
	// arrived, or Idle has passed since the subscription. Set it if one source may begin
	// later than another. Default 0: a source counts from its first item.
	Sources int
	// Idle is how long a source can be silent before it no longer holds back the watermark.
	// While all are silent, the watermark advances with the clock of the machine, by the
	// length of the silence, so that the last windows before a pause close. Time during
	// which the consumer is busy does not count. Default 0: only items move the watermark,
	// and a source that stops holds it back forever.
	Idle time.Duration
}

// check panics if e is invalid.
func (e EventTime[T]) check(operator string) {
	prefix := "operators: " + operator + ": EventTime: "
	if !e.Assigner.aligned() && e.Assigner.gap == 0 {
		panic(prefix + "Assigner must be Tumbling, Sliding or BySession: other windows do not depend on the time of an item")
	}
	argument.MustNotBeNil(prefix+"Timestamp", e.Timestamp == nil)
	argument.MustNotBeNegative(prefix+"OutOfOrder", e.OutOfOrder)
	argument.MustNotBeNegative(prefix+"Lateness", e.Lateness)
	argument.MustNotBeNegative(prefix+"Idle", e.Idle)
	argument.MustNotBeNegative(prefix+"Sources", e.Sources)
	if e.Sources > 1 && e.Source == nil {
		panic(fmt.Sprintf("%sSources is %d, so Source must not be nil", prefix, e.Sources))
	}
}
