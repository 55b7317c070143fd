//nolint:unused // the methods are called through windower, which the linter does not follow: it is generic
package operators

import "time"

// keyedWindows are windows that begin with an item of their key and do not
// overlap: at most one is open for a key, and the one to close first is the one
// that was opened, or for sessions used, longest ago.
type keyedWindows[T, R any, K comparable, A any] struct {
	fold  fold[T, A]
	key   func(T) K // nil: all items have the same
	clock clock

	count int           // items that fill a window, 0: no number does
	span  time.Duration // from the opening or the last use to the end, 0: no end
	slide bool          // each item moves the end

	result func(K, instant, instant, A) R
	open   map[K]*keyedWindow[K, A]
	order  recency[openWindow[K, A]]
	spare  *keyedWindow[K, A]
}

type keyedWindow[K comparable, A any] = recent[openWindow[K, A]]

type openWindow[K comparable, A any] struct {
	key   K
	start instant
	len   int
	acc   A
}

func (w *keyedWindows[T, R, K, A]) add(now instant, items []T, send func(R) bool) bool {
	if w.key == nil {
		return w.addUnkeyed(now, items, send)
	}
	for i := range items {
		k := w.key(items[i])
		o := w.open[k]
		if o == nil {
			o = w.begin(k, now)
		}
		o.value.acc = w.fold.add(o.value.acc, items[i])
		o.value.len++
		if !w.added(o, now, send) {
			return false
		}
	}
	return true
}

// addUnkeyed adds items that all have the same key: as many at once as the window
// has room for.
func (w *keyedWindows[T, R, K, A]) addUnkeyed(now instant, items []T, send func(R) bool) bool {
	for len(items) > 0 {
		o := w.order.first()
		if o == nil {
			var only K
			o = w.begin(only, now)
		}
		n := len(items)
		if w.count > 0 {
			n = min(n, w.count-o.value.len)
		}
		o.value.acc = w.fold.many(o.value.acc, items[:n])
		o.value.len += n
		items = items[n:]
		if !w.added(o, now, send) {
			return false
		}
	}
	return true
}

// begin opens the window of a key that has none.
func (w *keyedWindows[T, R, K, A]) begin(k K, now instant) *keyedWindow[K, A] {
	o := w.spare
	if w.spare = nil; o == nil {
		o = new(keyedWindow[K, A])
	}
	now = w.read(now)
	o.value = openWindow[K, A]{key: k, start: now, acc: w.fold.init()}
	w.order.use(o, now)
	if w.key != nil && k == k { //nolint:gocritic // not so for NaN, which could not be deleted again
		w.open[k] = o
	}
	return o
}

// added closes a window that is full, and moves the end of one that slides.
func (w *keyedWindows[T, R, K, A]) added(o *keyedWindow[K, A], now instant, send func(R) bool) bool {
	if o.value.len == w.count {
		return w.close(o, w.read(now), send)
	}
	if w.slide {
		w.order.use(o, now)
	}
	return true
}

// read returns now, or reads the clock if nobody has: windows that only a count
// closes look at it when they open and close.
func (w *keyedWindows[T, R, K, A]) read(now instant) instant {
	if w.span == 0 {
		return w.clock.at(time.Now())
	}
	return now
}

// close delivers a window that ends at end.
func (w *keyedWindows[T, R, K, A]) close(o *keyedWindow[K, A], end instant, send func(R) bool) bool {
	v := o.value
	w.order.remove(o)
	delete(w.open, v.key)
	o.value = openWindow[K, A]{}
	w.spare = o
	return send(w.result(v.key, v.start, end, v.acc))
}

func (w *keyedWindows[T, R, K, A]) advance(now instant, send func(R) bool) bool {
	if w.span == 0 {
		return true
	}
	for o := w.order.first(); o != nil && o.used.plus(w.span) <= now; o = w.order.first() {
		if !w.close(o, o.used.plus(w.span), send) {
			return false
		}
	}
	return true
}

func (w *keyedWindows[T, R, K, A]) next() instant {
	o := w.order.first()
	if o == nil || w.span == 0 {
		return never
	}
	return o.used.plus(w.span)
}

func (w *keyedWindows[T, R, K, A]) flush(send func(R) bool) bool {
	now := w.clock.at(time.Now())
	for o := w.order.first(); o != nil; o = w.order.first() {
		end := now
		if w.slide {
			end = o.used.plus(w.span)
		}
		if !w.close(o, end, send) {
			return false
		}
	}
	return true
}
