package source

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse/codec"
)

// The memory of a deduplicator does not depend on the length of the IDs.
func TestDeduplicatorRemembersFingerprints(t *testing.T) {
	const window, size = 1000, 32 << 10
	d := newDeduplicator(window)
	event := func(i int) codec.Event {
		return codec.Event{Type: codec.DefaultType, ID: fmt.Sprint(i, strings.Repeat("x", size))}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range window {
		assert.False(t, d.has(event(i)))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	assert.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(window*size/10), "bytes")
	d.reconnected()
	for i := range window {
		assert.True(t, d.has(event(i)))
	}
	assert.False(t, d.has(event(window)), "a new one")
}
