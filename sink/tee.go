package sink

import (
	"context"
	"iter"
	"sync"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/handoff"
)

// A Sink is what consumes a stream: it ranges over src, once, and returns when that
// ends or when it wants no more of it.
type Sink[T any] func(ctx context.Context, src rxsse.Observable[T]) error

// Tee subscribes to src once and gives each of sinks all of its items. It
// subscribes when all sinks have, so that none misses an item.
//
// Each sink may be up to 256 items behind; then src waits for it. A sink that
// returns an error ends the stream and the other sinks, whose context is cancelled,
// and Tee returns that error; for one that should not, see [Isolated]. A sink that
// returns nil before the end wants no more, and the others go on. Tee returns nil
// when src completes and all sinks have returned, or, at once, when no sink wants
// more; when src fails, its error, after the sinks have dealt with what came before
// it; when ctx is cancelled, its cause.
//
// It runs src and each sink on goroutines of their own, all of which are gone when
// it returns. A panic in one of them ends the others and is raised by Tee.
func Tee[T any](ctx context.Context, src rxsse.Observable[T], sinks ...Sink[T]) error {
	t := newTee[T](len(sinks))
	all := handoff.New[struct{}](ctx, 1)
	defer all.Stop()
	for _, s := range sinks {
		all.Go(t.running(s))
	}
	all.Go(t.reading(src))
	if _, signal := all.Receive(nil); signal != handoff.End {
		panic("sink: Tee: an item of nobody") // none of them delivers any
	}
	if err := all.Err(); err != nil {
		return err
	}
	return t.ending.Err()
}

// Isolated is a sink that may fail alone: when s returns an error of its own,
// handle is called with it, and the sink returns nil, which for [Tee] means that it
// wants no more. The stream's own error, and the cause of a cancelled context, are
// returned as they are.
func Isolated[T any](s Sink[T], handle func(error)) Sink[T] {
	return func(ctx context.Context, src rxsse.Observable[T]) error {
		failed := false
		err := s(ctx, func(ctx context.Context) iter.Seq2[T, error] {
			return func(yield func(T, error) bool) {
				src(ctx)(func(v T, err error) bool {
					failed = failed || err != nil
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
	subscribed sync.WaitGroup // sinks that have neither subscribed nor returned yet
	ending     handoff.Ending // how the source ended; read once all have returned

	mu     sync.Mutex
	fan    *handoff.Fan[T]
	active int                // sinks that may want another item
	enough context.CancelFunc // ends the source
}

func newTee[T any](sinks int) *tee[T] {
	t := &tee[T]{active: sinks, enough: func() {}}
	t.fan = handoff.NewFan[T](&t.mu, handoff.Block)
	t.subscribed.Add(sinks)
	return t
}

// running runs s and delivers nothing but its failure. The stream's own error is
// none: the other sinks may still have to deal with what came before it.
func (t *tee[T]) running(s Sink[T]) rxsse.Observable[struct{}] {
	return func(ctx context.Context) iter.Seq2[struct{}, error] {
		return func(yield func(struct{}, error) bool) {
			m := member[T]{tee: t}
			defer m.left.Do(t.leave)
			defer m.subscribed.Do(t.subscribed.Done)
			err := s(ctx, m.observe)
			if err != nil && !m.failed {
				yield(struct{}{}, err)
			}
		}
	}
}

// leave is called once for each sink, when it wants no more.
func (t *tee[T]) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.active--; t.active == 0 {
		t.enough()
	}
}

// reading runs src for as long as a sink wants its items.
func (t *tee[T]) reading(src rxsse.Observable[T]) rxsse.Observable[struct{}] {
	return func(ctx context.Context) iter.Seq2[struct{}, error] {
		return func(func(struct{}, error) bool) {
			t.subscribed.Wait()
			ctx, enough := context.WithCancel(ctx)
			defer enough()
			if !t.begin(enough) {
				return
			}
			handoff.Run(ctx, src, t.push, t.end)
			t.ending.Raise() // no sink may be left to do so
		}
	}
}

// begin reports whether any sink wants an item.
func (t *tee[T]) begin(enough context.CancelFunc) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.enough = enough
	return t.active > 0
}

// push reports whether any sink wants more.
func (t *tee[T]) push(v T) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fan.Await()
	t.fan.Push(v)
	return t.active > 0
}

func (t *tee[T]) end(e handoff.Ending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.active == 0 {
		e = e.WithoutError() // there was enough of it
	}
	t.ending = e
	t.fan.Finish(e)
}

// A member is one sink of a tee.
type member[T any] struct {
	tee        *tee[T]
	subscribed sync.Once
	left       sync.Once
	failed     bool // with the stream's own error
}

// observe is the stream as the sink sees it.
func (m *member[T]) observe(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		q := handoff.New[T](ctx, handoff.DefaultLimit)
		defer q.Stop()
		defer m.left.Do(m.tee.leave)
		m.subscribed.Do(func() {
			m.tee.add(q)
			m.tee.subscribed.Done()
		})
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
			var zero T
			yield(zero, err)
		}
	}
}

func (t *tee[T]) add(q *handoff.Queue[T]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fan.Add(q)
}
