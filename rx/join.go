package rx

import (
	"context"
	"time"
)

// A joined context ends with either of two contexts, with that one's cause.
type joined struct {
	context.Context //nolint:containedctx // it is a context

	bound context.Context //nolint:containedctx // it is a context
}

// join returns a context that ends with sub, with bound, or when cancel is called.
// It starts no goroutine. Call release and cancel when the context is no longer used.
func join(sub, bound context.Context) (ctx context.Context, cancel context.CancelCauseFunc, release func() bool) {
	run, cancel := context.WithCancelCause(sub)
	if bound.Err() != nil {
		cancel(context.Cause(bound)) // AfterFunc is asynchronous: the source would begin
	}
	release = context.AfterFunc(bound, func() { cancel(context.Cause(bound)) })
	return joined{run, bound}, cancel, release
}

// Deadline returns the earlier of the two deadlines.
func (j joined) Deadline() (time.Time, bool) {
	first, ok := j.Context.Deadline()
	if second, has := j.bound.Deadline(); has && (!ok || second.Before(first)) {
		return second, true
	}
	return first, ok
}

// Value looks in RxGo's context first, because it is nearer to the subscriber.
func (j joined) Value(key any) any {
	if v := j.Context.Value(key); v != nil {
		return v
	}
	return j.bound.Value(key)
}
