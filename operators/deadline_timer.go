package operators

import "time"

// A deadlineTimer is a timer for a deadline that moves often and is rarely reached. Moving
// the deadline later does not touch the timer, so an item costs no timer operation: the
// timer fires early, once, and set or rearm then sets it to the remaining time. An unused
// timer needs no Stop: the runtime frees it.
//
// Operators call reached before they look at received items. If an item arrives at the
// deadline, the deadline then wins, whatever the order in which the scheduler served the
// two.
type deadlineTimer struct {
	timer    *time.Timer
	deadline time.Time // zero: not set
	armed    time.Time // when the timer fires; zero: it is stopped or has fired
}

// c returns the channel to wait on, nil while no deadline is set.
func (d *deadlineTimer) c() <-chan time.Time {
	if !d.isSet() {
		return nil
	}
	return d.timer.C
}

func (d *deadlineTimer) isSet() bool { return !d.deadline.IsZero() }

// reached reports whether a deadline is set and not after now.
func (d *deadlineTimer) reached(now time.Time) bool {
	return d.isSet() && !now.Before(d.deadline)
}

// set moves the deadline.
func (d *deadlineTimer) set(now, deadline time.Time) {
	d.deadline = deadline
	if d.armed.After(now) && !d.armed.After(deadline) {
		return
	}
	d.arm()
}

// rearm sets the timer again if a deadline is still set. Call it when the timer has fired,
// unless every further wait begins with set.
func (d *deadlineTimer) rearm() {
	d.armed = time.Time{}
	if d.isSet() {
		d.arm()
	}
}

func (d *deadlineTimer) arm() {
	d.armed = d.deadline
	if d.timer == nil {
		d.timer = time.NewTimer(time.Until(d.deadline))
		return
	}
	d.timer.Reset(time.Until(d.deadline))
}

// clear removes the deadline.
func (d *deadlineTimer) clear() { d.deadline = time.Time{} }
