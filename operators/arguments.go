package operators

import (
	"fmt"

	"github.com/rxsse/rxsse"
)

// mustNotBeNil panics if isNil: a stream or a function that is nil would otherwise
// panic only once somebody subscribes, far from the mistake. The compiler inlines
// it, which keeps small operators inlinable too.
func mustNotBeNil(what string, isNil bool) {
	if isNil {
		panic("operators: " + what + " is nil")
	}
}

// returned is src, which a function of the user has returned. It panics if src is nil.
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
