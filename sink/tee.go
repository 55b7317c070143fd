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
// when src completes and all sinks have returned, or when no sink wants more; when
// src fails, its error, after the sinks have dealt with what came before it; when
// ctx is cancelled, its cause.
//
// It runs src and each sink on goroutines of their own, all of which are gone when
// it returns. A panic in one of them ends the others and is raised by Tee.
func Tee[T any](ctx context.Context, src rxsse.Observable[T], sinks ...Sink[T]) error {
	t := tee[T]{feeds: make([]feed[T], len(sinks))}
	t.subscribed.Add(len(sinks))
	all := handoff.New[struct{}](ctx, 1)
	defer all.Stop()
	for i, s := range sinks {
		all.Go(t.running(s, &t.feeds[i]))
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
	feeds      []feed[T]
	subscribed sync.WaitGroup // sinks that have neither subscribed nor returned yet
	ending     handoff.Ending // how the source ended; read once all have returned
}

// A feed is how one sink gets its items.
type feed[T any] struct {
	once  sync.Once
	queue *handoff.Queue[T] // nil: the sink has not subscribed
}

// running runs s and delivers nothing but its failure. The stream's own error is
// none: the other sinks may still have to deal with what came before it.
func (t *tee[T]) running(s Sink[T], f *feed[T]) rxsse.Observable[struct{}] {
	return func(ctx context.Context) iter.Seq2[struct{}, error] {
		return func(yield func(struct{}, error) bool) {
			defer f.once.Do(t.subscribed.Done)
			failed := false
			err := s(ctx, t.observable(f, &failed))
			if err != nil && !failed {
				yield(struct{}{}, err)
			}
		}
	}
}

// observable is the stream as a sink sees it.
func (t *tee[T]) observable(f *feed[T], failed *bool) rxsse.Observable[T] {
	return func(ctx context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			q := handoff.New[T](ctx, handoff.DefaultLimit)
			defer q.Stop()
			f.once.Do(func() {
				q.Expect()
				f.queue = q
				t.subscribed.Done()
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
				*failed = ctx.Err() == nil
				var zero T
				yield(zero, err)
			}
		}
	}
}

// reading runs src for as long as a sink wants its items.
func (t *tee[T]) reading(src rxsse.Observable[T]) rxsse.Observable[struct{}] {
	return func(ctx context.Context) iter.Seq2[struct{}, error] {
		return func(func(struct{}, error) bool) {
			t.subscribed.Wait()
			handoff.Run(ctx, src, t.push, func(e handoff.Ending) {
				t.ending = e
				for i := range t.feeds {
					if q := t.feeds[i].queue; q != nil {
						q.Finish(e)
					}
				}
			})
			t.ending.Raise() // no sink may be left to do so
		}
	}
}

// push reports whether any sink wants more.
func (t *tee[T]) push(v T) bool {
	wanted := false
	for i := range t.feeds {
		if q := t.feeds[i].queue; q != nil && q.Push(v) {
			wanted = true
		}
	}
	return wanted
}
