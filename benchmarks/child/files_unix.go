//go:build unix

package child

import (
	"math"
	"syscall"
)

// files returns how many files a process may have open. The runtime has raised the soft
// limit to the hard limit.
func files() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return math.MaxInt
	}
	return int(min(limit.Cur, math.MaxInt))
}
