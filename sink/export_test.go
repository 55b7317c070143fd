package sink

// ErrRangedTwice is the error of a second range by a sink of [Tee].
var ErrRangedTwice = errRangedTwice

// LockAll takes each lock of b until unlock is called.
func LockAll(b *Broadcaster) (unlock func()) {
	b.mu.Lock()
	b.clients.mu.Lock()
	return func() {
		b.clients.mu.Unlock()
		b.mu.Unlock()
	}
}
