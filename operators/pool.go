package operators

import (
	"context"
	"iter"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// A pool calls a function for the items of a stream, on up to n goroutines, the workers.
//
// The source's goroutine writes items into the slots of a segment, and takes a lock only to
// wake a worker or when a segment is full. A worker claims a chunk of the waiting items,
// writes the results beside them and hands the whole chunk to the consumer, so the items of
// a chunk share locks and wake-ups.
//
// A chunk is a single item while calls are slow or the consumer keeps up, and grows up to
// a segment while all calls for a chunk take less than chunkTime. A slow call in a larger
// chunk holds up the results before it for consumerPatience: then the consumer takes them
// out of the unfinished chunk. After as long again, it gives the items behind the slow call
// back to all workers.
type pool[T, R any] struct {
	n       int
	spread  int // the workers that share the waiting items
	ordered bool
	f       func(context.Context, T) (R, error)
	results *handoff.Queue[*chunk[T, R]]
	ahead   *handoff.Semaphore // bounds the undelivered items
	bytes   *handoff.Semaphore // bounds their bytes
	size    func(*T) int       // of an item; nil: bytes are not counted
	failure error              // of the source; read once results has ended

	// The source writes these fields for each item. They share no cache line with others.
	_       [64]byte
	read    atomic.Int64   // items in slots
	filling *segment[T, R] // where the next item goes
	filled  int            // its slot there
	_       [64]byte

	hungry atomic.Bool  // the source wakes a worker when it has an item
	end    atomic.Int64 // no call begins for items with this number or a higher one

	mu           sync.Mutex
	wake         sync.Cond
	claiming     *segment[T, R] // where the next chunk begins
	index        int            // its first slot there
	claimed      int64          // items in chunks
	returned     []*chunk[T, R] // single items taken out of chunks, the last one first
	running      []*chunk[T, R] // what each worker works on
	ended        []int          // the workers that ended because no items were left
	idle         int            // workers that wait and have not been woken
	waking       bool           // a worker was woken or started and does not run yet
	closed       bool           // no items will be added
	large        bool           // the consumer is prepared for chunks of several items
	freeChunks   []*chunk[T, R]
	freeSegments []*segment[T, R]
}

const (
	chunkTime        = 20 * time.Microsecond
	consumerPatience = 5 * chunkTime
)

func newPool[T, R any](ctx context.Context, src rxsse.Observable[T], n int, ordered bool, f func(context.Context, T) (R, error)) *pool[T, R] {
	first := new(segment[T, R])
	p := &pool[T, R]{
		n: n, spread: min(n, runtime.GOMAXPROCS(0)), ordered: ordered, f: f,
		results: handoff.New[*chunk[T, R]](ctx, handoff.DefaultLimit),
		ahead:   handoff.NewSemaphore(max(n, handoff.DefaultLimit)),
		bytes:   handoff.NewSemaphore(handoff.MaxBytes),
		size:    handoff.SizeOf[T](),
		filling: first, claiming: first,
	}
	p.wake.L = &p.mu
	p.hungry.Store(true)
	p.end.Store(math.MaxInt64)
	p.results.Go(p.readAll(src))
	return p
}

func (p *pool[T, R]) stop() {
	p.close(-1)
	p.results.Stop()
}

// readAll runs src and hands its items to the workers.
func (p *pool[T, R]) readAll(src rxsse.Observable[T]) rxsse.Observable[*chunk[T, R]] {
	return func(ctx context.Context) iter.Seq2[*chunk[T, R], error] {
		return func(func(*chunk[T, R], error) bool) {
			defer p.close(math.MaxInt64)
			defer context.AfterFunc(ctx, func() { p.close(-1) })()
			ended := false
			src(ctx)(func(v T, err error) bool {
				switch {
				case ended:
				case err != nil:
					p.failure, ended = err, true
				default:
					ended = !p.put(ctx, v)
				}
				return !ended
			})
		}
	}
}

// put adds an item once there is room. It returns false if no call will be made for it.
func (p *pool[T, R]) put(ctx context.Context, v T) bool {
	if !p.ahead.Acquire(ctx, 1) {
		return false
	}
	if p.filled == segmentSize {
		p.addSegment()
	}
	item := &p.filling.slots[p.filled].item
	*item = v
	if p.size != nil && !p.bytes.Acquire(ctx, p.size(item)) {
		return false
	}
	p.filled++
	number := p.read.Add(1) - 1
	if p.hungry.Load() { // workers set it before they read p.read
		p.mu.Lock()
		p.wakeWorker()
		p.mu.Unlock()
	}
	return number < p.end.Load()
}

// addSegment begins a new segment, reusing a delivered one if possible.
func (p *pool[T, R]) addSegment() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.filled = 0
	last := len(p.freeSegments) - 1
	switch {
	case p.filling == p.claiming && p.filling.dealt == segmentSize: // nothing is left in it
		p.filling.dealt, p.index = 0, 0
		return
	case last < 0:
		p.filling.next = new(segment[T, R])
	default:
		p.filling.next = p.freeSegments[last]
		p.freeSegments = p.freeSegments[:last]
	}
	p.filling = p.filling.next
}

// wakeWorker wakes or starts a worker if items wait; otherwise the source does so at the
// next item. Only one worker at a time is being woken: once it has claimed its chunk, it
// wakes the next one. Called with the lock held.
func (p *pool[T, R]) wakeWorker() {
	able := !p.waking && (p.idle > 0 || len(p.ended) > 0 || len(p.running) < p.n)
	p.hungry.Store(able)
	if !able || !p.itemsWait() {
		return
	}
	p.hungry.Store(false)
	p.waking = true
	if p.idle > 0 {
		p.idle--
		p.wake.Signal()
		return
	}
	worker := len(p.running)
	if last := len(p.ended) - 1; last >= 0 {
		worker, p.ended = p.ended[last], p.ended[:last]
	} else {
		p.running = append(p.running, nil)
	}
	p.results.Go(p.work(worker))
}

// itemsWait reports whether any item is in no chunk. Called with the lock held.
func (p *pool[T, R]) itemsWait() bool {
	return p.read.Load() != p.claimed || len(p.returned) > 0
}

// claim waits for items and returns a chunk of up to size of them, or nil once there are no
// more.
func (p *pool[T, R]) claim(worker, size int) *chunk[T, R] {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running[worker] = nil
	for !p.itemsWait() {
		if p.closed {
			p.ended = append(p.ended, worker)
			return nil
		}
		p.hungry.Store(!p.waking)
		if p.itemsWait() { // the source may not have seen hungry
			break
		}
		p.idle++
		p.wake.Wait()
		p.waking = false
	}
	c := p.claimReturned()
	if c == nil {
		c = p.claimNew(size)
	}
	if c.number >= p.end.Load() {
		p.ended = append(p.ended, worker)
		return nil
	}
	c.worker, p.running[worker] = worker, c
	p.wakeWorker()
	return c
}

// claimReturned returns the first item that was taken out of a chunk, or nil.
func (p *pool[T, R]) claimReturned() *chunk[T, R] {
	last := len(p.returned) - 1
	if last < 0 {
		return nil
	}
	c := p.returned[last]
	p.returned[last] = nil
	p.returned = p.returned[:last]
	return c
}

// claimNew makes a chunk of up to size items that are in no chunk.
func (p *pool[T, R]) claimNew(size int) *chunk[T, R] {
	if full := p.claiming; p.index == segmentSize {
		p.claiming, p.index = full.next, 0
		p.free(full)
	}
	waiting := int(p.read.Load() - p.claimed)
	share := max((waiting+p.spread-1)/p.spread, size/4) // enough to be worth a wake-up
	size = min(size, share, waiting, segmentSize-p.index)
	small := size > 1 && !p.large
	if small {
		size = 1
	}
	c := p.newChunk(p.claiming, p.claiming.slots[p.index:p.index+size], p.claimed)
	c.small = small
	p.index += size
	p.claimed += int64(size)
	return c
}

// free keeps a segment for reuse if no item is left in it. Called with the lock held.
func (p *pool[T, R]) free(s *segment[T, R]) {
	if s.dealt == segmentSize && s != p.claiming {
		s.next, s.dealt = nil, 0
		p.freeSegments = append(p.freeSegments, s)
	}
}

// newChunk returns a chunk of slots of s, the first of which holds the item with number.
// Called with the lock held.
func (p *pool[T, R]) newChunk(s *segment[T, R], slots []slot[T, R], number int64) *chunk[T, R] {
	var c *chunk[T, R]
	if last := len(p.freeChunks) - 1; last < 0 {
		c = new(chunk[T, R])
	} else {
		c = p.freeChunks[last]
		p.freeChunks = p.freeChunks[:last]
	}
	c.number, c.segment, c.slots = number, s, slots
	c.progress.start(len(slots))
	c.err, c.bytes, c.small, c.before, c.old, c.delivered = nil, 0, false, 0, false, 0
	return c
}

// close marks that no items will be added, and that no call begins for items numbered end
// or higher.
func (p *pool[T, R]) close(end int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closeLocked(end)
}

func (p *pool[T, R]) closeLocked(end int64) {
	p.closed = true
	p.end.Store(min(end, p.end.Load()))
	p.idle = 0
	p.wake.Broadcast()
}

// fail ends the pool after the call for an item has failed. An ordered pool still works on
// the items before it. Otherwise, the error follows the results so far.
func (p *pool[T, R]) fail(number int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ordered {
		p.closeLocked(number)
		return
	}
	if number >= p.end.Load() { // another call has failed
		return
	}
	p.closeLocked(-1)
	for _, c := range p.running {
		if c != nil {
			c.before = c.progress.results()
		}
	}
}

// work is a worker: it calls f for one chunk after another.
func (p *pool[T, R]) work(worker int) rxsse.Observable[*chunk[T, R]] {
	return func(ctx context.Context) iter.Seq2[*chunk[T, R], error] {
		return func(yield func(*chunk[T, R], error) bool) {
			p.arrive()
			fast := 0 // consecutive fast calls
			for {
				c := p.claim(worker, 1+fast/16)
				if c == nil {
					return
				}
				start := time.Now()
				goOn := p.callAll(ctx, c)
				size, err := c.progress.slots(), c.err // the consumer may reuse c
				switch {
				case !goOn || !yield(c, nil):
					return
				case err != nil && p.ordered:
					return // the consumer finds it in its place
				case err != nil:
					fail(yield, err)
					return
				}
				fast += size
				if took := time.Since(start); took >= consumerPatience {
					fast = 0
				} else if took >= chunkTime {
					fast /= 2
				}
			}
		}
	}
}

// arrive marks that a started worker has begun.
func (p *pool[T, R]) arrive() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waking = false
}

// callAll calls f for the items of a chunk, up to an error. It returns false if the chunk
// must not be delivered, because the stream ends before it.
func (p *pool[T, R]) callAll(ctx context.Context, c *chunk[T, R]) bool {
	var zero T
	for i, goOn := 0, true; goOn; i++ {
		number := c.number + int64(i)
		if number >= p.end.Load() {
			return false
		}
		s := &c.slots[i]
		result, err := p.f(ctx, s.item)
		if p.size != nil {
			c.bytes += p.size(&s.item)
		}
		if err != nil {
			c.err = err
			p.fail(number)
			break
		}
		s.item, s.result = zero, result
		goOn = c.progress.advance()
	}
	return true
}
