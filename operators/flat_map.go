package operators

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/argument"
	"github.com/rxsse/rxsse/internal/handoff"
)

// ConcatMap delivers the items of the stream that f returns for the first item of src, then
// those for the second, and so on: one inner stream at a time, in order.
//
//	src:                 --1-----2----3|
//	f(n):                nn--n|
//	ConcatMap(src, f):   --11--1-22--233--3|
//
// It completes when src and the last inner stream have completed. An error of any of them,
// or the cause of a cancelled context, ends it.
//
// Synchronous: src waits while an inner stream runs.
func ConcatMap[T, R any](src rxsse.Observable[T], f func(T) rxsse.Observable[R]) rxsse.Observable[R] {
	mustNotBeNil("ConcatMap: src", src == nil)
	mustNotBeNil("ConcatMap: f", f == nil)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			ended := false
			src(ctx)(func(v T, err error) bool {
				switch {
				case ended:
				case err != nil:
					ended = true
					fail(yield, err)
				default:
					returned("ConcatMap: f", f(v))(ctx)(func(r R, err error) bool {
						ended = ended || !yield(r, err) || err != nil
						return !ended
					})
				}
				return !ended
			})
		}
	}
}

// MergeMap delivers the items of the streams that f returns for the items of src, in the
// order of their arrival. Up to n inner streams run at once; while that many run, src
// waits. MergeMap panics if n is not positive.
//
//	src:                   --1--2--|
//	f(n):                  n---n---n|
//	MergeMap(src, 2, f):   --1--21--21--2|
//
// It completes when src and all inner streams have completed. On error and cancel it ends
// as [Merge] does, with src and the inner streams as the sources.
//
// Asynchronous. f runs on the goroutine of src.
func MergeMap[T, R any](src rxsse.Observable[T], n int, f func(T) rxsse.Observable[R]) rxsse.Observable[R] {
	mustNotBeNil("MergeMap: src", src == nil)
	mustNotBeNil("MergeMap: f", f == nil)
	argument.MustBePositive("operators: MergeMap: n", n)
	return withoutPositions("MergeMap", func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			q := handoff.NewByArrival[R](ctx, handoff.DefaultLimit)
			defer q.Stop()
			running := handoff.NewSemaphore(n)
			// The outcome of an inner stream is recorded before its room is given to the
			// next one, so nothing starts after a failure.
			done := func() { running.Release(1) }
			q.Go(starting[T, R](src, func(ctx context.Context, v T) bool {
				return running.Acquire(ctx, 1) && ctx.Err() == nil && q.GoThen(returned("MergeMap: f", f(v)), done)
			}))
			deliver(q, yield)
		}
	})
}

// SwitchMap delivers the items of the stream that f returns for the newest item of src.
// With each item of src it cancels the previous inner stream and drops the items of that
// stream that are not yet delivered.
//
//	src:                --1----2-------|
//	f(n):               n--n--n|
//	SwitchMap(src, f):  --1--1-2--2--2-|
//
// It completes when src and the last inner stream have completed. On error and cancel it
// ends as [Merge] does, with src and the inner stream as the sources. An error of a
// cancelled inner stream is ignored.
//
// Asynchronous. f runs on the goroutine of src.
func SwitchMap[T, R any](src rxsse.Observable[T], f func(T) rxsse.Observable[R]) rxsse.Observable[R] {
	mustNotBeNil("SwitchMap: src", src == nil)
	mustNotBeNil("SwitchMap: f", f == nil)
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			q := handoff.NewByArrival[indexed[R]](ctx, handoff.DefaultLimit)
			defer q.Stop()
			var s switching
			cancel := func() {}
			q.Go(starting[T, indexed[R]](src, func(ctx context.Context, v T) bool {
				number, ok := s.next()
				if !ok {
					return false
				}
				cancel()
				ctx, cancel = context.WithCancel(ctx)
				return q.Go(whileNewest(ctx, returned("SwitchMap: f", f(v)), number, &s))
			}))
			deliver(q, func(m indexed[R], err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				return m.index != s.newest.Load() || yield(m.value, nil)
			})
		}
	}
}

// A switching decides between the failure of an inner stream and the next item of src if
// both happen at once.
type switching struct {
	newest atomic.Int64 // number of the newest inner stream

	mu     sync.Mutex
	failed bool // an inner stream failed while it was the newest
}

// next returns the number of a new inner stream. It returns false after a failure.
func (s *switching) next() (number int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed {
		return 0, false
	}
	return s.newest.Add(1), true
}

// fail reports whether the failure of the inner stream with this number counts.
func (s *switching) fail(number int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = s.failed || number == s.newest.Load()
	return s.failed
}

// whileNewest runs inner under ctx and numbers its items, until there is a newer stream.
// From then on, the end of inner does not matter.
func whileNewest[R any](ctx context.Context, inner rxsse.Observable[R], number int64, s *switching) rxsse.Observable[indexed[R]] {
	return func(context.Context) iter.Seq2[indexed[R], error] {
		return func(yield func(indexed[R], error) bool) {
			inner(ctx)(func(v R, err error) bool {
				switch {
				case number != s.newest.Load():
				case err == nil:
					return yield(indexed[R]{index: number, value: v}, nil)
				case s.fail(number):
					fail(yield, err)
				}
				return false
			})
		}
	}
}

// starting runs src and calls start with each item while start returns true. It delivers no
// items, only the end of src.
func starting[T, R any](src rxsse.Observable[T], start func(ctx context.Context, v T) bool) rxsse.Observable[R] {
	return func(ctx context.Context) iter.Seq2[R, error] {
		return func(yield func(R, error) bool) {
			src(ctx)(func(v T, err error) bool {
				if err != nil {
					return fail(yield, err)
				}
				return start(ctx, v)
			})
		}
	}
}
