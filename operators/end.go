package operators

import "context"

// fail ends a stream with err. It returns false, which an upstream understands as:
// deliver nothing more.
func fail[R any](yield func(R, error) bool, err error) bool {
	var zero R
	yield(zero, err)
	return false
}

// complete ends a stream that has nothing more to deliver: with the cause of ctx if
// that is cancelled, and otherwise by completion. Operators that deliver items after
// their upstream has completed end with it.
func complete[R any](ctx context.Context, yield func(R, error) bool) {
	if ctx.Err() != nil {
		fail(yield, context.Cause(ctx))
	}
}
