package window

import "time"

// An EarlyItems delivers open windows early, after every n items.
type EarlyItems[T any] struct {
	Windows[T]

	n, left int
}

// NewEarlyItems adds early results to windows.
func NewEarlyItems[T any](windows Windows[T], n int) *EarlyItems[T] {
	return &EarlyItems[T]{Windows: windows, n: n, left: n}
}

// Add implements [Windows].
func (e *EarlyItems[T]) Add(now Instant, items []T) bool {
	for len(items) > 0 {
		n := min(e.left, len(items))
		if !e.Windows.Add(now, items[:n]) {
			return false
		}
		items = items[n:]
		if e.left -= n; e.left == 0 {
			e.left = e.n
			if !e.Early() {
				return false
			}
		}
	}
	return true
}

// An EarlyTimer delivers open windows early, at most d after an item changed them.
type EarlyTimer[T any] struct {
	Windows[T]

	d    time.Duration
	next Instant // Never: nothing has changed since the last time
}

// NewEarlyTimer adds early results to windows.
func NewEarlyTimer[T any](windows Windows[T], d time.Duration) *EarlyTimer[T] {
	return &EarlyTimer[T]{Windows: windows, d: d, next: Never}
}

// Add implements [Windows].
func (e *EarlyTimer[T]) Add(now Instant, items []T) bool {
	if e.next == Never {
		e.next = now.Plus(e.d)
	}
	return e.Windows.Add(now, items)
}

// Advance implements [Windows].
func (e *EarlyTimer[T]) Advance(now Instant) bool {
	if !e.Windows.Advance(now) {
		return false
	}
	if e.next > now {
		return true
	}
	e.next = Never
	return e.Early()
}

// Next implements [Windows].
func (e *EarlyTimer[T]) Next() Instant { return min(e.next, e.Windows.Next()) }
