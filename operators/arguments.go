package operators

import (
	"fmt"

	"github.com/rxsse/rxsse"
)

// mustNotBeNil panics if isNil. Without it, a nil stream or function would panic only on
// subscription, far from the mistake. The compiler inlines it, so small operators can be
// inlined too.
func mustNotBeNil(what string, isNil bool) {
	if isNil {
		panic("operators: " + what + " is nil")
	}
}

// returned returns src, the result of a user's function. It panics if src is nil.
func returned[T any](what string, src rxsse.Observable[T]) rxsse.Observable[T] {
	if src == nil {
		panic("operators: " + what + " returned a nil stream")
	}
	return src
}

// mustNotHoldNil panics if one of srcs is nil.
func mustNotHoldNil[T any](what string, srcs []rxsse.Observable[T]) {
	for i, src := range srcs {
		if src == nil {
			panic(fmt.Sprintf("operators: %s[%d] is nil", what, i))
		}
	}
}
