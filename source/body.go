package source

import (
	"context"
	"io"
	"sync/atomic"
)

// An ownedBody is a response body that is closed once, by its owner or when a context ends.
// Closing it interrupts a blocked Read, even if the body ignores contexts.
type ownedBody struct {
	body     io.Closer
	stop     func() bool // keeps the context from closing it
	claimed  atomic.Bool // one goroutine has begun to close it
	closed   chan struct{}
	panicked any // by a Close that the context began
}

// ownBody takes over body, which is closed when ctx ends.
func ownBody(ctx context.Context, body io.Closer) *ownedBody {
	b := &ownedBody{body: body, closed: make(chan struct{})}
	b.stop = context.AfterFunc(ctx, func() {
		if b.claimed.CompareAndSwap(false, true) {
			defer close(b.closed)
			defer func() { b.panicked = recover() }()
			_ = b.body.Close()
		}
	})
	return b
}

// close returns once the body is closed. If Close panicked on the context's goroutine,
// close repeats the panic.
func (b *ownedBody) close() {
	if b.claimed.CompareAndSwap(false, true) {
		defer close(b.closed)
		_ = b.body.Close()
		return
	}
	if <-b.closed; b.panicked != nil {
		panic(b.panicked)
	}
}
