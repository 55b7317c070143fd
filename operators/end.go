package operators

import "context"

// fail ends a stream with err. It returns false, which a function called by an upstream
// can return to stop it.
func fail[R any](yield func(R, error) bool, err error) bool {
	var zero R
	yield(zero, err)
	return false
}

// complete ends a stream that has nothing more to deliver: with the cause of ctx if that is
// cancelled, otherwise by completion. Every operator that delivers an item outside of a
// call of its upstream ends with it.
func complete[R any](ctx context.Context, yield func(R, error) bool) {
	if ctx.Err() != nil {
		fail(yield, context.Cause(ctx))
	}
}

// completeWith delivers v as the last item and ends the stream.
func completeWith[R any](ctx context.Context, yield func(R, error) bool, v R) {
	if ctx.Err() != nil || yield(v, nil) {
		complete(ctx, yield)
	}
}
