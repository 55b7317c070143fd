package rx_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rx"
)

var errBoom = errors.New("boom")

// tick is the interval between two items of a paced stream. Streams that take part in the
// same row are half a tick apart, so that no two events coincide.
const tick = time.Millisecond

// A script describes a stream: the values, then err or completion. With a pace, each item
// is due that long after the previous one, the first after delay too.
type script struct {
	values []int
	err    error
	delay  time.Duration
	pace   time.Duration
}

// wait waits for d and reports whether ctx was still alive then.
func wait(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// typed plays the script as an Observable of ours.
func (s script) typed() rxsse.Observable[int] {
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			gap := s.delay + s.pace
			for _, v := range s.values {
				if !wait(ctx, gap) {
					yield(0, context.Cause(ctx))
					return
				}
				if !yield(v, nil) {
					return
				}
				gap = s.pace
			}
			if s.err != nil {
				yield(0, s.err)
			}
		}
	}
}

// deferred plays the script by RxGo's own means.
func (s script) deferred(bound context.Context) rxgo.Observable {
	return rxgo.Defer([]rxgo.Producer{func(ctx context.Context, next chan<- rxgo.Item) {
		gap := s.delay + s.pace
		for _, v := range s.values {
			if !wait(bound, gap) || ctx.Err() != nil || !rxgo.Of(v).SendContext(bound, next) {
				return
			}
			gap = s.pace
		}
		if s.err != nil {
			rxgo.Error(s.err).SendContext(bound, next)
		}
	}})
}

// just plays the script with RxGo's Just.
func (s script) just(bound context.Context) rxgo.Observable {
	var items []any
	for _, v := range s.values {
		items = append(items, v)
	}
	if s.err != nil {
		items = append(items, s.err)
	}
	return rxgo.Just(items...)(rxgo.WithContext(bound))
}

// endless emits 1, 2, 3, … a tick apart, until it is stopped.
func endless() rxsse.Observable[int] {
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := 1; wait(ctx, tick); i++ {
				if !yield(i, nil) {
					return
				}
			}
			yield(0, context.Cause(ctx))
		}
	}
}

// A kit is what a row of the method table uses to build its chain.
type kit struct {
	t    *testing.T
	ctx  context.Context
	opts []rxgo.Option
	// play makes RxGo's side of a stream; in and second are the two that src and other
	// return.
	play       func(script) rxgo.Observable
	in, second script
}

func (k kit) src() rxgo.Observable { return k.play(k.in) }

func (k kit) other() rxgo.Observable { return k.play(k.second) }

// transcript is everything that a reader sees of a chain.
func (k kit) transcript(it rxgo.Iterable) []string {
	return read(k.ctx, it.Observe(k.opts...))
}

// read records the items until the channel is closed or ctx ends. It reads observables
// among the items (windows, groups) at the same time.
func read(ctx context.Context, items <-chan rxgo.Item) []string {
	var lines []string
	var inner sync.WaitGroup
	defer inner.Wait()
	nested := make(map[int]func() []string)
	for open := true; open; {
		select {
		case <-ctx.Done():
			lines, open = append(lines, "open"), false
		case item, ok := <-items:
			switch o, isObservable := item.V.(rxgo.Observable); {
			case !ok:
				lines, open = append(lines, "completed"), false
			case isObservable:
				var got []string
				done := make(chan struct{})
				go func() {
					defer close(done)
					got = read(ctx, o.Observe())
				}()
				nested[len(lines)] = func() []string { <-done; return got }
				lines = append(lines, "observable")
			default:
				lines = append(lines, render(item))
			}
		}
	}
	for i, got := range nested {
		lines[i] = fmt.Sprint(got())
	}
	return lines
}

func render(item rxgo.Item) string {
	switch v := item.V.(type) {
	case nil:
		if item.E != nil {
			return "error: " + item.E.Error()
		}
		return "nil"
	case *int:
		return fmt.Sprintf("*int %d", *v)
	default:
		return fmt.Sprintf("%T %v", v, v)
	}
}

// lifted records the output of a lifted chain in the format of read.
func lifted(ctx context.Context, lift func(...rx.Option) rxsse.Observable[any]) []string {
	var lines []string
	var readers sync.WaitGroup
	defer readers.Wait()
	nested := make(map[int]func() []string)
	o := lift(rx.ContinueOnError(func(err error) {
		lines = append(lines, render(rxgo.Error(err)))
	}))
	for v, err := range o(ctx) {
		if inner, ok := v.(rxgo.Observable); ok {
			var got []string
			readers.Go(func() { got = read(ctx, inner.Observe()) })
			nested[len(lines)] = func() []string { readers.Wait(); return got }
			lines = append(lines, "observable")
			continue
		}
		if err != nil {
			lines = append(lines, "open")
			break
		}
		lines = append(lines, render(rxgo.Of(v)))
	}
	if !slices.Contains(lines, "open") {
		lines = append(lines, "completed")
	}
	for i, got := range nested {
		lines[i] = fmt.Sprint(got())
	}
	return lines
}
