package source

import (
	"sync"
	"time"
)

// A hint calls a function after silenceBeforeHint, unless it is stopped first.
type hint struct {
	timer    *time.Timer
	given    sync.WaitGroup
	panicked any // by the function
}

func newHint(give func()) *hint {
	h := &hint{}
	h.given.Add(1)
	h.timer = time.AfterFunc(silenceBeforeHint, func() {
		defer h.given.Done()
		defer func() { h.panicked = recover() }()
		give()
	})
	return h
}

// stop waits until the function has returned, or prevents its call. If the function
// panicked, stop repeats the panic.
func (h *hint) stop() {
	if h.timer.Stop() {
		return
	}
	if h.given.Wait(); h.panicked != nil {
		panic(h.panicked)
	}
}
