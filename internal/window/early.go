package window

import "time"

// An EarlyItems delivers open windows early, after every n items.
type EarlyItems struct {
	Windows

	n, left int
}

// NewEarlyItems adds early results to windows.
func NewEarlyItems(windows Windows, n int) *EarlyItems {
	return &EarlyItems{Windows: windows, n: n, left: n}
}

// Add implements [Windows].
func (e *EarlyItems) Add(now Instant, from, to int) bool {
	for from < to {
		n := min(e.left, to-from)
		if !e.Windows.Add(now, from, from+n) {
			return false
		}
		from += n
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
type EarlyTimer struct {
	Windows

	d    time.Duration
	next Instant // when to deliver; Never if nothing has changed
}

// NewEarlyTimer adds early results to windows.
func NewEarlyTimer(windows Windows, d time.Duration) *EarlyTimer {
	return &EarlyTimer{Windows: windows, d: d, next: Never}
}

// Add implements [Windows].
func (e *EarlyTimer) Add(now Instant, from, to int) bool {
	if e.next == Never {
		e.next = now.Plus(e.d)
	}
	return e.Windows.Add(now, from, to)
}

// Advance implements [Windows].
func (e *EarlyTimer) Advance(now Instant) bool {
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
func (e *EarlyTimer) Next() Instant { return min(e.next, e.Windows.Next()) }
