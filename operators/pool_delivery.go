package operators

import (
	"cmp"
	"slices"
	"time"

	"github.com/rxsse/rxsse/internal/handoff"
)

// A delivery is the consumer's part of a pool.
type delivery[T, R any] struct {
	pool  *pool[T, R]
	yield func(R, error) bool

	waiting handoff.Ring[*chunk[T, R]] // in order: each finished chunk, at the number of its first item minus next
	next    int64                      // number of the first item that is not delivered
	done    []*chunk[T, R]             // to be reused
	dealt   int                        // results delivered since the last release
	large   bool                       // chunks may be of several items
	looked  time.Time                  // when the consumer looked at unfinished chunks, or large was set
	timer   *time.Timer                // how long the results of unfinished chunks may wait
}

// deliver delivers the results and then the error, if any.
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
			goOn = d.addAll(batch) && (!d.large || time.Since(d.looked) < consumerPatience || d.addRunning(true))
		case handoff.Tick:
			goOn = d.addRunning(false)
		case handoff.End:
			d.end()
			return
		}
	}
}

// end delivers the error with which the stream ends, after the results before it.
func (d *delivery[T, R]) end() {
	err := d.pool.results.Err()
	if err == nil {
		err = d.pool.failure
	}
	if err == nil {
		return
	}
	if !d.pool.ordered && !d.pool.results.Cancelled() {
		d.pool.mu.Lock()
		running := d.pool.unfinished()
		d.pool.mu.Unlock()
		for _, c := range running {
			if !d.deliver(c, c.before) {
				return
			}
		}
	}
	fail(d.yield, err)
}

// addAll adds finished chunks. It returns false if nothing may follow.
func (d *delivery[T, R]) addAll(chunks []*chunk[T, R]) bool {
	large := d.large
	for _, c := range chunks {
		if c.small && !large {
			large, d.looked = true, time.Now()
		}
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
	place := int(c.number - d.next)
	for d.waiting.Len() <= place {
		d.waiting.Push(nil)
	}
	*d.waiting.At(place) = c
	for d.waiting.Len() > 0 && *d.waiting.At(0) != nil {
		c := *d.waiting.At(0)
		n := c.progress.slots()
		d.next += int64(n)
		for range min(n, d.waiting.Len()) {
			d.waiting.Pop()
		}
		if !d.finish(c) {
			return false
		}
	}
	return true
}

// finish delivers the remaining results of a finished chunk.
func (d *delivery[T, R]) finish(c *chunk[T, R]) bool {
	if !d.deliver(c, c.progress.results()) {
		return false
	}
	if c.err != nil {
		return !d.pool.ordered || d.pool.results.Cancelled() || fail(d.yield, c.err)
	}
	d.done = append(d.done, c)
	return true
}

// addRunning delivers the results in unfinished chunks, as far as it is their turn.
func (d *delivery[T, R]) addRunning(busy bool) bool {
	d.looked = time.Now()
	running, large := d.pool.breakUp(busy)
	d.large = large
	for _, c := range running {
		if (!d.pool.ordered || c.number == d.next) && !d.deliver(c, c.progress.results()) {
			return false
		}
	}
	d.release()
	return true
}

// deliver delivers those of the first n results of c that are not delivered yet, until a
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

// unfinished returns the chunks that workers work on. Called with the lock held.
func (p *pool[T, R]) unfinished() (chunks []*chunk[T, R]) {
	for _, c := range p.running {
		if c != nil {
			chunks = append(chunks, c)
		}
	}
	return chunks
}

// breakUp leaves the workers of old chunks only their current item, and gives the items
// after it back to all workers. It returns the chunks that workers work on, and whether new
// chunks may be of several items. Unless the consumer is busy, they are single items once
// all workers work on single ones, until a worker could have taken more.
func (p *pool[T, R]) breakUp(busy bool) (chunks []*chunk[T, R], large bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	chunks = p.unfinished()
	p.large = busy
	for _, c := range chunks {
		if c.old {
			p.takeBack(c)
		}
		c.old = true
		p.large = p.large || c.progress.slots() > c.progress.results()+1
	}
	slices.SortFunc(p.returned, func(a, b *chunk[T, R]) int { return cmp.Compare(b.number, a.number) })
	p.wakeWorker()
	return chunks, p.large
}

// takeBack takes the items after the worker's current one out of c. Called with the lock
// held.
func (p *pool[T, R]) takeBack(c *chunk[T, R]) {
	first, end := c.progress.takeRest()
	for i := first; i < end && c.number+int64(i) < p.end.Load(); i++ {
		p.returned = append(p.returned, p.newChunk(c.segment, c.slots[i:i+1], c.number+int64(i)))
	}
}

// reuse keeps delivered chunks, and segments without items, for reuse.
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
		c.segment.dealt += c.progress.slots()
		p.free(c.segment)
	}
	p.freeChunks = append(p.freeChunks, chunks...)
}
