package measure

import (
	"runtime"
	"runtime/debug"
)

// Live returns how many bytes of heap and stacks this process uses after several garbage
// collections: each halves stacks that are too large, and frees what finalizers held during
// the one before.
func Live() int64 {
	for range 4 {
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
