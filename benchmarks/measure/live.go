package measure

import (
	"runtime"
	"runtime/debug"
)

// Live returns how many bytes of heap and stacks this process uses, after collections: a
// collection halves a stack that is too large, and what finalizers held is free in the next.
func Live() int64 {
	for range 4 {
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
