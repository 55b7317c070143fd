//go:build unix

package child

import (
	"syscall"
	"time"
)

// CPU returns the user and system time of this process so far, or 0 if the system does not
// report it.
func CPU() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
