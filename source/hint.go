package source

import (
	"sync"
	"time"
)

// A hint calls a function after silenceBeforeHint, unless it is stopped before.
type hint struct {
	timer *time.Timer
	given sync.WaitGroup
}

func newHint(give func()) *hint {
	h := &hint{}
	h.given.Add(1)
	h.timer = time.AfterFunc(silenceBeforeHint, func() {
		defer h.given.Done()
		give()
	})
	return h
}

// stop returns once the function does not run, and will not.
func (h *hint) stop() {
	if h.timer.Stop() {
		return
	}
	h.given.Wait()
}
