package operators

import "time"

// A deadlineTimer is a timer for a deadline that is moved often and reached seldom. Moving
// the deadline later does not touch the timer, so an item costs no timer operation: the
// timer fires early, once, and set or rearm then sets it to the time that is left. A timer
// that nothing uses any more needs no Stop: the runtime frees it.
//
// Operators call reached before they look at what they have received. At a tie of the
// deadline and an item, the deadline then decides, and not the order in which the
// scheduler served the two.
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

// rearm is called when the timer has fired, unless set is called for all that is left to wait
// for. It sets the timer again if the deadline has been moved since.
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
