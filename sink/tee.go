package sink

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/handoff"
)

// A Sink consumes a stream: it ranges over src once, and returns when src ends or when it
// needs no more items.
type Sink[T any] func(ctx context.Context, src rxsse.Observable[T]) error

// errRangedTwice is the error of a second range, by a sink of [Tee], over its stream. The
// items of the first range are gone.
var errRangedTwice = errors.New("sink: Tee: a sink can range over its stream once, and not after it has returned")

// Tee subscribes to src once and delivers all of its items to each of sinks. It subscribes
// to src after every sink has subscribed or returned, so no sink misses an item. Without
// sinks it returns nil at once.
//
// A sink can be up to 256 items behind the newest one; then src waits for it. If a sink
// returns an error, Tee ends src, cancels the contexts of the other sinks and returns that
// error; to let the others continue, wrap the sink in [Isolated]. If a sink returns nil
// before src ends, the other sinks continue. A sink that ranges over its stream a second
// time gets an error.
//
// Tee returns nil when src completes and all sinks have returned nil, or as soon as no sink
// needs more items. When src fails, Tee returns that error after the sinks have processed
// the items before it. When ctx is cancelled, Tee returns the cause.
//
// Tee runs src and each sink on separate goroutines, which have ended when it returns. A
// panic in one of them ends the others and reaches the caller of Tee as a rxsse.PanicError.
func Tee[T any](ctx context.Context, src rxsse.Observable[T], sinks ...Sink[T]) error {
	argument.MustNotBeNil("sink: Tee: src", src == nil)
	for i, s := range sinks {
		argument.MustNotBeNil(fmt.Sprintf("sink: Tee: sinks[%d]", i), s == nil)
	}
	t := newTee[T](len(sinks))
	all := handoff.New[struct{}](ctx, 1)
	defer all.Stop()
	for _, s := range sinks {
		all.Go(t.runSink(s))
	}
	all.Go(t.runSource(src))
	if _, signal := all.Receive(nil); signal != handoff.End {
		panic("sink: Tee: unexpected item")
	}
	if err := all.Err(); err != nil {
		return err
	}
	return t.ending.Err()
}

// Isolated returns a sink that can fail without ending the other sinks of [Tee]. When s
// returns an error of its own, Isolated calls handle with it and returns nil, so that the
// other sinks continue. After an error of src or a cancellation, it returns the error of s
// unchanged.
func Isolated[T any](s Sink[T], handle func(error)) Sink[T] {
	argument.MustNotBeNil("sink: Isolated: s", s == nil)
	argument.MustNotBeNil("sink: Isolated: handle", handle == nil)
	return func(ctx context.Context, src rxsse.Observable[T]) error {
		failed := false
		err := s(ctx, func(ctx context.Context) iter.Seq2[T, error] {
			return func(yield func(T, error) bool) {
				src(ctx)(func(v T, err error) bool {
					failed = failed || err != nil && !errors.Is(err, errRangedTwice)
					return yield(v, err)
				})
			}
		})
		if err == nil || failed || ctx.Err() != nil {
			return err
		}
		handle(err)
		return nil
	}
}

// A tee is one subscription that feeds many sinks.
type tee[T any] struct {
	subscribed sync.WaitGroup  // sinks that have neither subscribed nor returned
	ending     handoff.Outcome // of src; read after all goroutines have ended

	mu     sync.Mutex
	fan    *handoff.Multicast[T]
	active int                // sinks that may need another item
	stop   context.CancelFunc // ends src
}

func newTee[T any](sinks int) *tee[T] {
	t := &tee[T]{active: sinks, stop: func() {}}
	t.fan = handoff.NewMulticast[T](&t.mu, handoff.Block)
	t.subscribed.Add(sinks)
	return t
}

// runSink returns a stream that runs s and delivers nothing but its failure. The error
// of src does not count: the other sinks may still have to process the items before it.
func (t *tee[T]) runSink(s Sink[T]) rxsse.Observable[struct{}] {
	return func(ctx context.Context) iter.Seq2[struct{}, error] {
		return func(yield func(struct{}, error) bool) {
			m := member[T]{tee: t}
			defer m.leave()
			err := s(ctx, m.observe)
			if err != nil && !m.failed {
				yield(struct{}{}, err)
			}
		}
	}
}

// runSource returns a stream that runs src while a sink needs its items, and delivers
// nothing.
func (t *tee[T]) runSource(src rxsse.Observable[T]) rxsse.Observable[struct{}] {
	return func(ctx context.Context) iter.Seq2[struct{}, error] {
		return func(func(struct{}, error) bool) {
			t.subscribed.Wait()
			ctx, stop := context.WithCancel(ctx)
			defer stop()
			if !t.begin(stop) {
				return
			}
			handoff.Run(ctx, src, t.push, t.end)
			t.ending.Raise() // there may be no sink left to raise it
		}
	}
}

// begin reports whether any sink needs an item.
func (t *tee[T]) begin(stop context.CancelFunc) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stop = stop
	return t.active > 0
}

// push delivers v and reports whether any sink needs more.
func (t *tee[T]) push(v T) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fan.WaitForRoom()
	t.fan.Push(v)
	return t.active > 0
}

func (t *tee[T]) end(e handoff.Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.active == 0 {
		e = e.WithoutError() // the sinks ended it
	}
	t.ending = e
	t.fan.Finish(e)
}

// A member is one sink of a tee.
type member[T any] struct {
	tee        *tee[T]
	failed     bool // with the error of src
	subscribed bool // guarded by the tee's lock, like left
	left       bool
}

// subscribe adds q to the tee. It reports false if the sink has ranged or returned
// before.
func (m *member[T]) subscribe(q *handoff.Queue[T]) bool {
	m.tee.mu.Lock()
	defer m.tee.mu.Unlock()
	if m.subscribed {
		return false
	}
	m.subscribed = true
	m.tee.fan.Add(q)
	m.tee.subscribed.Done()
	return true
}

// leave is called when the sink needs no more items.
func (m *member[T]) leave() {
	m.tee.mu.Lock()
	defer m.tee.mu.Unlock()
	if !m.subscribed {
		m.subscribed = true
		m.tee.subscribed.Done()
	}
	if m.left {
		return
	}
	m.left = true
	if m.tee.active--; m.tee.active == 0 {
		m.tee.stop()
	}
}

// observe is the stream as the sink sees it.
func (m *member[T]) observe(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		q := handoff.New[T](ctx, handoff.DefaultLimit)
		defer q.Stop()
		if !m.subscribe(q) {
			yield(zero, errRangedTwice)
			return
		}
		defer m.leave()
		for {
			batch, signal := q.Receive(nil)
			if signal == handoff.End {
				break
			}
			for _, v := range batch {
				if !q.Cancelled() && !yield(v, nil) {
					return
				}
			}
		}
		if err := q.Err(); err != nil {
			m.failed = ctx.Err() == nil
			yield(zero, err)
		}
	}
}
