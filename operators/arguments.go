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

// mustNotHoldNil panics if one of srcs is nil.
func mustNotHoldNil[T any](what string, srcs []rxsse.Observable[T]) {
	for i, src := range srcs {
		if src == nil {
			panic(fmt.Sprintf("operators: %s[%d] is nil", what, i))
		}
	}
}
