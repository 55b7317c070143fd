// Package weak has one test that notices faults and a line that none looks at.
package weak

// Full is the limit of a percentage.
const Full = 100

// Clamp returns v, but at least low and at most high.
func Clamp(v, low, high int) int {
	if v < low {
		return low
	}
	return min(v, high)
}

// IsNegative reports whether v is less than zero.
func IsNegative(v int) bool {
	switch {
	case v < 0:
		return true
	}
	return false
}

func untested() bool {
	return true
}

// runsInChild is called in a child process of a test only.
func runsInChild() bool {
	return true
}
