package operators

import "time"

// An alarm is a deadline that is moved often and reached seldom. Moving it later
// leaves the timer alone, which fires early, once, and is then armed for what is
// left: so that an item costs no timer operation. Operators ask reached before
// they look at what came: the deadline decides, not the order in which the
// scheduler served the timer and the item.
type alarm struct {
	timer    *time.Timer
	deadline time.Time // zero: not set
	armed    time.Time // when the timer fires; zero: it is stopped or has fired
}

// c returns the channel to wait on, nil while the alarm is not set.
func (a *alarm) c() <-chan time.Time {
	if !a.isSet() {
		return nil
	}
	return a.timer.C
}

func (a *alarm) isSet() bool { return !a.deadline.IsZero() }

// reached reports whether the alarm is set for now or earlier.
func (a *alarm) reached(now time.Time) bool {
	return a.isSet() && !now.Before(a.deadline)
}

// set moves the deadline.
func (a *alarm) set(now, deadline time.Time) {
	a.deadline = deadline
	if a.timer != nil && a.armed.After(now) && !a.armed.After(deadline) {
		return
	}
	a.arm()
}

// rearm is called when the timer has fired; if the deadline has been moved since
// the timer was armed it arms it again.
func (a *alarm) rearm() {
	a.armed = time.Time{}
	if a.isSet() {
		a.arm()
	}
}

func (a *alarm) arm() {
	a.armed = a.deadline
	if a.timer == nil {
		a.timer = time.NewTimer(time.Until(a.deadline))
		return
	}
	a.timer.Reset(time.Until(a.deadline))
}

// clear unsets the alarm.
func (a *alarm) clear() { a.deadline = time.Time{} }

// stop releases the timer.
func (a *alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}
