package operators

import (
	"time"

	"github.com/rxsse/rxsse/internal/handoff"
)

// A delivery is the consumer's part of a pool.
type delivery[T, R any] struct {
	pool  *pool[T, R]
	yield func(R, error) bool

	waiting handoff.Ring[*chunk[T, R]] // in order: chunks from index next on; nil where one is not done
	next    int
	done    []*chunk[T, R] // to be used again
	dealt   int            // results delivered since the source was given room
	large   bool           // chunks may be of several items
	timer   *time.Timer    // how long the results of unfinished chunks may wait
}

// deliver delivers the results and then the error with which the stream ends.
func (p *pool[T, R]) deliver(yield func(R, error) bool) {
	d := delivery[T, R]{pool: p, yield: yield, timer: time.NewTimer(consumerPatience)}
	defer d.timer.Stop()
	for goOn := true; goOn; {
		var timeout <-chan time.Time
		if d.large {
			d.timer.Reset(consumerPatience)
			timeout = d.timer.C
		}
		batch, signal := p.results.Receive(timeout)
		switch signal {
		case handoff.Items:
			goOn = d.addAll(batch)
		case handoff.Tick:
			goOn = d.addRunning()
		case handoff.End:
			d.end()
			return
		}
	}
}

// end delivers how the stream ends. Results that came before an error precede it.
func (d *delivery[T, R]) end() {
	err := d.pool.results.Err()
	if err == nil {
		err = d.pool.failure
	}
	if err == nil {
		return
	}
	if !d.pool.ordered && !d.pool.results.Cancelled() {
		running, _ := d.pool.unfinished()
		for _, c := range running {
			if !d.deliver(c, c.before) {
				return
			}
		}
	}
	fail(d.yield, err)
}

// addAll adds chunks that are done. It returns false if nothing may follow.
func (d *delivery[T, R]) addAll(chunks []*chunk[T, R]) bool {
	large := d.large
	for _, c := range chunks {
		large = large || c.small
		if !d.add(c) {
			return false
		}
	}
	d.release()
	d.pool.reuse(d.done, large)
	clear(d.done)
	d.done, d.large = d.done[:0], large
	return true
}

// add delivers the results of a chunk, or holds them until it is their turn.
func (d *delivery[T, R]) add(c *chunk[T, R]) bool {
	if !d.pool.ordered {
		return d.finish(c)
	}
	place := c.index - d.next
	for d.waiting.Len() <= place {
		d.waiting.Push(nil)
	}
	*d.waiting.At(place) = c
	for d.waiting.Len() > 0 && *d.waiting.At(0) != nil {
		d.next++
		if !d.finish(d.waiting.Pop()) {
			return false
		}
	}
	return true
}

// finish delivers what is left of a chunk that is done.
func (d *delivery[T, R]) finish(c *chunk[T, R]) bool {
	if !d.deliver(c, int(c.called.Load())) {
		return false
	}
	if c.err != nil {
		return !d.pool.ordered || d.pool.results.Cancelled() || fail(d.yield, c.err)
	}
	d.done = append(d.done, c)
	return true
}

// addRunning delivers the results in chunks that are not done, as far as it is their turn.
func (d *delivery[T, R]) addRunning() bool {
	running, large := d.pool.unfinished()
	d.large = large
	for _, c := range running {
		if (!d.pool.ordered || c.index == d.next) && !d.deliver(c, int(c.called.Load())) {
			return false
		}
	}
	d.release()
	return true
}

// deliver delivers the first n results of c, without those that are delivered, up to a
// cancellation.
func (d *delivery[T, R]) deliver(c *chunk[T, R], n int) bool {
	var zero R
	for c.delivered < n && !d.pool.results.Cancelled() {
		s := &c.slots[c.delivered]
		result := s.result
		s.result = zero
		c.delivered++
		if d.dealt++; d.dealt == handoff.DefaultLimit/2 {
			d.release()
		}
		if !d.yield(result, nil) {
			return false
		}
	}
	return true
}

// release gives the source room for as many items as were delivered.
func (d *delivery[T, R]) release() {
	d.pool.ahead.Release(d.dealt)
	d.dealt = 0
}

// unfinished returns the chunks that workers work on. If all are single items, chunks
// remain so until the consumer has seen that more are wanted.
func (p *pool[T, R]) unfinished() (chunks []*chunk[T, R], large bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.large = false
	for _, c := range p.running {
		if c != nil {
			chunks = append(chunks, c)
			p.large = p.large || len(c.slots) > 1
		}
	}
	return chunks, p.large
}

// reuse takes back chunks that are delivered, and the segments that are with them.
func (p *pool[T, R]) reuse(chunks []*chunk[T, R], large bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.large = large
	for _, c := range chunks {
		if p.running[c.worker] == c {
			p.running[c.worker] = nil
		}
		if p.size != nil {
			p.bytes.Release(c.bytes)
		}
		c.segment.dealt += len(c.slots)
		p.free(c.segment)
	}
	p.freeChunks = append(p.freeChunks, chunks...)
}
