package window

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEarlyItems(t *testing.T) {
	s := &script{}
	e := NewEarlyItems(s, 3)
	assert.True(t, e.Add(5, 0, 2))
	assert.Equal(t, []string{"add 0-2 at 5"}, s.take(), "fewer than 3")
	assert.True(t, e.Add(6, 0, 5))
	assert.Equal(t, []string{"add 0-1 at 6", "early", "add 1-4 at 6", "early", "add 4-5 at 6"}, s.take())
	assert.True(t, e.Add(7, 3, 5))
	assert.Equal(t, []string{"add 3-5 at 7", "early"}, s.take(), "a batch that ends with the third")
	for _, stop := range []string{"add 0-3 at 8", "early"} {
		s := &script{stop: stop}
		assert.False(t, NewEarlyItems(s, 3).Add(8, 0, 4), "the consumer leaves at %q", stop)
		assert.Equal(t, stop, s.calls[len(s.calls)-1], "nothing is called afterwards")
	}
}

func TestEarlyTimer(t *testing.T) {
	s := &script{next: 100}
	e := NewEarlyTimer(s, 10)
	assert.Equal(t, Instant(100), e.Next(), "without items there is nothing to deliver early")
	assert.True(t, e.Advance(50))
	assert.Equal(t, []string{"advance 50"}, s.take())

	assert.True(t, e.Add(50, 0, 1))
	assert.Equal(t, Instant(60), e.Next())
	assert.True(t, e.Add(55, 0, 2))
	assert.Equal(t, Instant(60), e.Next(), "d after the first change")
	assert.True(t, e.Advance(59))
	assert.Equal(t, []string{"add 0-1 at 50", "add 0-2 at 55", "advance 59"}, s.take())
	assert.True(t, e.Advance(60))
	assert.Equal(t, []string{"advance 60", "early"}, s.take(), "windows that close come first")
	assert.Equal(t, Instant(100), e.Next(), "nothing has changed since")
	assert.True(t, e.Add(95, 0, 1))
	assert.Equal(t, Instant(100), e.Next(), "a window closes earlier")

	for _, stop := range []string{"advance 60", "early"} {
		s := &script{stop: stop}
		e := NewEarlyTimer(s, 10)
		assert.True(t, e.Add(50, 0, 1))
		assert.False(t, e.Advance(60), "the consumer leaves at %q", stop)
		assert.Equal(t, stop, s.calls[len(s.calls)-1], "nothing is called afterwards")
	}
	s = &script{stop: "add 0-1 at 50"}
	assert.False(t, NewEarlyTimer(s, 10).Add(50, 0, 1))
}
