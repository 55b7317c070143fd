package source

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryAfter returns how long the server asks to wait: a number of seconds or a date
// (RFC 9110 §10.2.3), and 0 if there is neither. Some servers send a fraction of a
// second, which is rounded up. A number too large to count is as large as can be counted.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	whole, fraction, _ := strings.Cut(value, ".")
	seconds, err := strconv.ParseUint(whole, 10, 32)
	switch {
	case errors.Is(err, strconv.ErrRange):
	case err != nil, strings.Trim(fraction, "0123456789") != "":
		return 0
	case strings.Trim(fraction, "0") != "":
		seconds++
	}
	return time.Duration(seconds) * time.Second
}
