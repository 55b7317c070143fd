// Package argument checks the arguments of constructors and options. An invalid value panics
// where it is given, with a message that names it.
package argument

import (
	"fmt"
	"time"
)

// A Number is the type of an argument that is a count, size or duration.
type Number interface{ int | int64 | time.Duration }

// MustBePositive panics unless n is positive. what names the package, the function and
// the argument, as in "operators: Take: n".
func MustBePositive[N Number](what string, n N) {
	if n <= 0 {
		panic(fmt.Sprintf("%s must be positive, got %v", what, n))
	}
}

// MustNotBeNil panics if isNil. Without it, a nil stream or function would panic only when
// it is used, far from the mistake. what is as for [MustBePositive].
func MustNotBeNil(what string, isNil bool) {
	if isNil {
		panic(what + " is nil")
	}
}

// MustNotBeNegative panics if n is negative. what is as for [MustBePositive].
func MustNotBeNegative[N Number](what string, n N) {
	if n < 0 {
		panic(fmt.Sprintf("%s must not be negative, got %v", what, n))
	}
}
