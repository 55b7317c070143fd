package codec

import (
	"math"
	"time"
)

// maxRetry is the largest whole number of milliseconds a time.Duration holds,
// 292 years.
const maxRetry = math.MaxInt64 / int64(time.Millisecond)

// parseRetry parses the value of a retry line: ASCII digits, at least one. A number too
// large for a Duration becomes the largest one.
func parseRetry(value []byte) (time.Duration, bool) {
	if len(value) == 0 {
		return 0, false
	}
	ms := int64(0)
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
		ms = min(10*ms+int64(c-'0'), maxRetry)
	}
	return time.Duration(ms) * time.Millisecond, true
}
