package handoff

import "math/bits"

// A slots is a circular buffer with a slot for each item of a producer, by the item's
// number. Its length is a power of two, or 0.
type slots[T any] []T

// index returns the index of item number i.
func (s slots[T]) index(i int64) int { return int(i) & (len(s) - 1) }

// slice returns the items from number i up to end, or up to the last slot.
func (s slots[T]) slice(i, end int64) []T {
	if i == end {
		return nil
	}
	first := s.index(i)
	return s[first:min(first+int(end-i), len(s))]
}

// grow returns at least n slots, which hold the items from number i up to end.
func (s slots[T]) grow(n int, i, end int64) slots[T] {
	larger := make(slots[T], 1<<bits.Len(uint(n-1)))
	for i < end {
		i += int64(copy(larger.slice(i, end), s.slice(i, end)))
	}
	return larger
}
