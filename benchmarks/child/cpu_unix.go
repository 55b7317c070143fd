//go:build unix

package child

import (
	"syscall"
	"time"
)

// CPU returns the processor time that this process has used until now, of user
// and system. It is 0 where the system does not tell.
func CPU() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
