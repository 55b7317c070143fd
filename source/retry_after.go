package source

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryAfter returns how long the server asks the client to wait, in seconds or as a date
// (RFC 9110 §10.2.3), or 0 if it does not. Some servers send a fraction of a second, which
// is rounded up. Seconds are capped at 1<<32 - 1.
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
