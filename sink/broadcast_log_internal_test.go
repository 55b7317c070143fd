package sink

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (l *eventLog) wire(n int64) string {
	e := l.at(n)
	if e == nil {
		return ""
	}
	return string(e.chunk[e.from:e.to])
}

// The log finds each event that it holds, and no other, however it grows and forgets.
func TestEventLog(t *testing.T) {
	var l eventLog
	l.init()
	added, forgotten := int64(0), int64(0)
	text := func(n int64) string { return strings.Repeat(fmt.Sprintf("<%d>", n), int(n*n%3000)+1) }
	add := func(n int) {
		for range n {
			l.add(entry{id: fmt.Sprint(added)}, []byte(text(added)))
			added++
		}
	}
	forget := func(n int) {
		for range n {
			l.forget()
			forgotten++
		}
	}
	for _, step := range []struct{ add, forget int }{{3, 0}, {20, 10}, {200, 100}, {5, 118}, {40, 30}, {1, 11}} {
		add(step.add)
		forget(step.forget)
		assert.EqualValues(t, added-forgotten, l.len())
		var bytes int64
		for n := range added {
			want := ""
			if n >= forgotten {
				want = text(n)
			}
			require.Equal(t, want, l.wire(n))
			bytes += int64(len(want))
			next, known := l.after(fmt.Sprint(n))
			assert.Equal(t, n >= forgotten, known)
			if known {
				assert.Equal(t, n+1, next)
			}
		}
		assert.Equal(t, bytes, l.bytes)
		assert.Len(t, l.ids, l.len())
	}
}

// Small events that follow each other are written with one call, and no event keeps much
// more than its own size in memory.
func TestEventLogChunks(t *testing.T) {
	var l eventLog
	l.init()
	together, size, chunks := 0, 0, 0
	for n := range int64(10_000) {
		l.add(entry{}, []byte(strings.Repeat("x", 200)))
		e, before := l.at(n), l.at(n-1)
		switch {
		case before == nil || &e.chunk[0] != &before.chunk[0]:
			chunks++
			size += len(e.chunk)
			assert.LessOrEqual(t, len(e.chunk), maxWrite)
		case e.from == before.to:
			together++
		}
	}
	assert.Equal(t, 10_000-chunks, together)
	assert.LessOrEqual(t, len(l.at(0).chunk), 2<<10, "a Broadcaster with little to send takes little memory")
	assert.Less(t, chunks, 100)
	assert.Less(t, float64(size), 1.05*10_000*200)
	l.add(entry{}, make([]byte, 20_000))
	assert.Len(t, l.at(10_000).chunk, 20_000, "a large event is alone")
}

// The index of IDs holds those of the history, whatever they are.
func TestEventLogForgetsIDs(t *testing.T) {
	var l eventLog
	l.init()
	for n := range 10_000 {
		l.add(entry{id: strings.Repeat(" ", n%3) + fmt.Sprint(n%7, n/2)}, []byte("x"))
		l.add(entry{id: " "}, []byte("x"))
		for l.len() > 10 {
			l.forget()
		}
		assert.LessOrEqual(t, len(l.ids), 10)
	}
}
