package operators

import (
	"fmt"
	"time"

	"github.com/rxsse/rxsse"
)

// mustBePositive panics unless n is positive. what names the operator and the
// argument, as in "Take: n".
func mustBePositive[N int | time.Duration](what string, n N) {
	if n <= 0 {
		panic(fmt.Sprintf("operators: %s must be positive, got %v", what, n))
	}
}

// mustNotBeNegative panics if n is negative.
func mustNotBeNegative[N int | time.Duration](what string, n N) {
	if n < 0 {
		panic(fmt.Sprintf("operators: %s must not be negative, got %v", what, n))
	}
}

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
