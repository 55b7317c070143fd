//go:build !unix

package source_test

// cpuTime is not available on this system.
func cpuTime() int64 { return 0 }
