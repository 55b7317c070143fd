package measure

import (
	"runtime"
	"runtime/debug"
)

// Live returns how many bytes of heap and stacks this process uses, after a collection.
func Live() int64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse) //nolint:gosec // it fits
}
