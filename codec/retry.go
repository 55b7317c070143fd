package codec

import (
	"math"
	"time"
)

// maxRetry is the largest whole number of milliseconds a time.Duration holds,
// 292 years.
const maxRetry = math.MaxInt64 / int64(time.Millisecond)

// parseRetry returns the reconnection time a retry line's value stands for: ASCII
// digits only, at least one, and clamped to what a Duration can hold.
func parseRetry(value []byte) (time.Duration, bool) {
	if len(value) == 0 {
		return 0, false
	}
	ms := int64(0)
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
		if ms = ms*10 + int64(c-'0'); ms > maxRetry {
			ms = maxRetry
		}
	}
	return time.Duration(ms) * time.Millisecond, true
}
