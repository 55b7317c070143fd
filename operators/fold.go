package operators

// A fold makes one value of many items. Its functions are shared by subscriptions
// and keep nothing themselves.
type fold[T, A any] struct {
	init func() A
	add  func(A, T) A
	many func(A, []T) A // add for each
}

func newFold[T, A any](init func() A, add func(A, T) A) fold[T, A] {
	return fold[T, A]{init: init, add: add, many: func(acc A, items []T) A {
		for i := range items {
			acc = add(acc, items[i])
		}
		return acc
	}}
}

// gather is the fold that keeps the items. It sets room aside for so many.
func gather[T any](room int) fold[T, []T] {
	return fold[T, []T]{
		init: func() []T { return make([]T, 0, room) },
		add:  func(items []T, v T) []T { return append(items, v) },
		many: func(items, more []T) []T { return append(items, more...) },
	}
}
