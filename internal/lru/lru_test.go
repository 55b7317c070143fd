package lru

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func order(l *List[string]) (values []string) {
	for e := l.root.next; e != &l.root; e = e.next {
		values = append(values, e.Value)
	}
	return values
}

func TestListIsInTheOrderOfLastUse(t *testing.T) {
	var l List[string]
	assert.Nil(t, l.First())
	a, b, c := &Entry[string]{Value: "a"}, &Entry[string]{Value: "b"}, &Entry[string]{Value: "c"}
	l.Use(a, 1)
	l.Use(b, 2)
	l.Use(c, 3)
	assert.Equal(t, []string{"a", "b", "c"}, order(&l))
	l.Use(a, 4)
	assert.Equal(t, []string{"b", "c", "a"}, order(&l))
	assert.Equal(t, int64(4), a.Used())
	l.Use(b, 2)
	assert.Equal(t, []string{"b", "c", "a"}, order(&l), "used at the same time again")
	l.Remove(c)
	assert.Equal(t, []string{"b", "a"}, order(&l))
	l.Use(c, 5)
	assert.Equal(t, []string{"b", "a", "c"}, order(&l), "put back")
	l.Remove(b)
	l.Remove(a)
	l.Remove(c)
	assert.Nil(t, l.First())
}
