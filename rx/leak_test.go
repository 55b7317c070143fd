package rx_test

import (
	"context"
	"errors"
	"iter"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reactivex/rxgo/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rx"
)

// drainTimeout is the longest that the bridge waits for RxGo, as documented.
const drainTimeout = 100 * time.Millisecond

// TestNothingOfOursIsLeft abandons each method in the middle of an endless stream, in the
// worst way: RxGo's context continues, and nothing reads. When the bound context ends, no
// goroutine of this module may be left, and of RxGo exactly those that the row names.
func TestNothingOfOursIsLeft(t *testing.T) {
	for _, m := range methods() {
		if m.gives {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			if m.locks {
				abandon(t, m, func() {})
				return
			}
			synctest.Test(t, func(t *testing.T) { abandon(t, m, synctest.Wait) })
		})
	}
}

func abandon(t *testing.T, m method, settle func()) {
	t.Helper()
	bound, end := context.WithCancelCause(t.Context())
	theirCtx, release := context.WithCancel(t.Context())
	defer release()
	k := kit{t: t, ctx: theirCtx, opts: []rxgo.Option{rxgo.WithContext(theirCtx)}, play: func(s script) rxgo.Observable {
		if s.pace == silent.pace {
			return rx.ToRxGo(bound, s.typed())
		}
		return rx.ToRxGo(bound, endless())
	}}
	var items <-chan rxgo.Item
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		if m.run != nil {
			m.run(k)
			return
		}
		items = m.build(k).Observe()
	}()
	wait(t.Context(), 5*tick+tick/4)
	settle()

	leaves := m.leaves
	switch {
	case m.name == "Observable.Observe": // nothing of RxGo is between us and the reader
	case leaves == nil && m.build != nil:
		leaves = sequential
	}
	end(errors.New("the owner has closed"))
	assertLeft(t, settle, leaves)

	// The rest of RxGo waits for a reader. It gets one, and then the end of its
	// context: whatever outlives both fails the bubble, or TestMain.
	<-returned
	if items != nil {
		read(t.Context(), items)
	}
}

// assertLeft checks that no goroutine of ours is left, and of RxGo those given, after the
// bridge and, in real time, the scheduler have had their time.
func assertLeft(t *testing.T, settle func(), leaves []string) {
	t.Helper()
	var ours, theirs []string
	for range 20 {
		settle()
		ours, theirs = goroutines()
		if len(ours) == 0 && slices.Equal(theirs, leaves) {
			break
		}
		wait(t.Context(), drainTimeout)
	}
	assert.Empty(t, ours, "goroutines of this module")
	assert.Equal(t, leaves, theirs, "goroutines of RxGo")
}

var rxgoFrame = regexp.MustCompile(`(?m)^github\.com/reactivex/rxgo/v2\.(.+)\([^()]*\)$`)

// bubbleOf matches the head of the stack of a goroutine in a bubble of testing/synctest.
var bubbleOf = regexp.MustCompile(`^goroutine \d+ \[.*, synctest bubble (\d+)\]:`)

// bubbleNumber returns the number of the bubble that a goroutine is in, or "".
func bubbleNumber(stack string) string {
	if match := bubbleOf.FindStringSubmatch(stack); match != nil {
		return match[1]
	}
	return ""
}

// goroutines returns the stacks of the bridge's goroutines, and for each goroutine of RxGo
// alone the RxGo function that it runs. It considers only goroutines in the caller's bubble
// or, outside of bubbles, those outside.
func goroutines() (ours, theirs []string) {
	buf := make([]byte, 1<<20)
	stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
	bubble := bubbleNumber(stacks[0]) // the caller's
	for _, stack := range stacks {
		if bubbleNumber(stack) != bubble {
			continue
		}
		switch {
		case strings.Contains(stack, "\ngithub.com/rxsse/rxsse/rx."):
			ours = append(ours, stack)
		case strings.Contains(stack, "/rx_test."):
		default:
			if frames := rxgoFrame.FindAllStringSubmatch(stack, -1); frames != nil {
				theirs = append(theirs, frames[len(frames)-1][1])
			}
		}
	}
	slices.Sort(theirs)
	return ours, theirs
}

// TestFromFuncLeavesNothing ends a range over each method, last in its chain and
// followed by other operators, by the range's context and by a break.
func TestFromFuncLeavesNothing(t *testing.T) {
	not := map[string]string{
		"Observable.BufferWithTimeOrCount": "sends to a goroutine of its own that has left, once in a hundred times",
		"Observable.WindowWithCount":       "see TestWindowWithCountKeepsAGoroutine",
	}
	chains := map[string]func(it rxgo.Iterable, opt rxgo.Option) rxgo.Iterable{
		"last":                        func(it rxgo.Iterable, _ rxgo.Option) rxgo.Iterable { return it },
		"followed by Map":             mapped,
		"followed by Map and a Merge": func(it rxgo.Iterable, opt rxgo.Option) rxgo.Iterable { return merged(mapped(it, opt), opt) },
	}
	for _, m := range methods() {
		if m.gives || m.build == nil || not[m.name] != "" {
			continue
		}
		for chain, follow := range chains {
			for end, items := range map[string]int{"the context ends": -1, "break": 1} {
				t.Run(m.name+"/"+chain+"/"+end, func(t *testing.T) {
					if m.locks {
						leave(t, m, follow, items, func() {})
						return
					}
					synctest.Test(t, func(t *testing.T) { leave(t, m, follow, items, synctest.Wait) })
				})
			}
		}
	}
}

// mapped returns it followed by a Map.
func mapped(it rxgo.Iterable, opt rxgo.Option) rxgo.Iterable {
	switch o := it.(type) {
	case rxgo.Observable:
		return o.Map(same, opt)
	case rxgo.Single:
		return o.Map(same, opt)
	case rxgo.OptionalSingle:
		return o.Map(same, opt)
	}
	panic("neither an Observable nor a Single")
}

// merged returns it followed by a Merge and a Filter.
func merged(it rxgo.Iterable, opt rxgo.Option) rxgo.Iterable {
	o, ok := it.(rxgo.Observable)
	if !ok {
		return it
	}
	return rxgo.Merge([]rxgo.Observable{o}, opt).Filter(func(any) bool { return true }, opt)
}

// leave ends a range over a chain after some items, or when its context ends.
func leave(t *testing.T, m method, follow func(rxgo.Iterable, rxgo.Option) rxgo.Iterable, items int, settle func()) {
	t.Helper()
	bound, end := context.WithCancel(t.Context())
	defer end()
	o := rx.FromFunc[any](func(opt rxgo.Option) rxgo.Iterable {
		return follow(m.build(kit{t: t, ctx: bound, opts: []rxgo.Option{opt}, play: func(script) rxgo.Observable {
			return rx.ToRxGo(bound, endless(), opt)
		}}), opt)
	})
	ctx, cancel := context.WithTimeoutCause(t.Context(), 10*tick+tick/4, errBoom)
	defer cancel()
	for _, err := range o(ctx) {
		// A slow consumer: every operator of the chain waits for it, in a send.
		wait(t.Context(), 7*tick)
		if items--; items == 0 || err != nil {
			break
		}
	}
	assertLeft(t, settle, nil)
}

// TestSourcesThatEndWithTheRange: sources that are bound to the context of the range, as in
// an operator, do not fail when it ends. Merge would pass that on to Map, which stops
// reading at an error, while its other inputs wait for Map.
func TestSourcesThatEndWithTheRange(t *testing.T) {
	joins := map[string]func([]rxgo.Observable, rxgo.Option) rxgo.Observable{
		"CombineLatest": func(in []rxgo.Observable, opt rxgo.Option) rxgo.Observable {
			return rxgo.CombineLatest(func(...any) any { return 1 }, in, opt) // it may be called with a nil
		},
		"Concat": func(in []rxgo.Observable, opt rxgo.Option) rxgo.Observable { return rxgo.Concat(in, opt) },
		"Merge":  func(in []rxgo.Observable, opt rxgo.Option) rxgo.Observable { return rxgo.Merge(in, opt) },
	}
	for name, join := range joins {
		t.Run(name, func(t *testing.T) {
			for range 100 { // two goroutines learn of the end, in any order
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeoutCause(t.Context(), 3*tick+tick/4, errBoom)
					defer cancel()
					o := rx.FromFunc[int](func(opt rxgo.Option) rxgo.Observable {
						in := []rxgo.Observable{rx.ToRxGo(ctx, endless(), opt), rx.ToRxGo(ctx, endless(), opt)}
						return join(in, opt).Map(same, opt)
					})
					_, err := collect(ctx, o)
					require.ErrorIs(t, err, errBoom)
					assertLeft(t, synctest.Wait, nil)
				})
			}
		})
	}
}

// TestBackOffRetryWithoutTheOption: with the option, BackOffRetry closes its channel twice
// when it is left while it waits for the next attempt, which ends the process.
func TestBackOffRetryWithoutTheOption(t *testing.T) {
	for end, items := range map[string]int{"the context ends": -1, "break": 1} {
		t.Run(end, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				src := func(ctx context.Context) iter.Seq2[int, error] {
					attempts++
					return script{values: []int{attempts}, err: errBoom, pace: tick}.typed()(ctx)
				}
				o := rx.FromFunc[int](func(opt rxgo.Option) rxgo.Observable {
					return rx.ToRxGo(t.Context(), src, opt).BackOffRetry(&pause{attempts: 1000}).Map(double, opt)
				})
				ctx, cancel := context.WithTimeout(t.Context(), 10*tick+tick/4)
				defer cancel()
				for _, err := range o(ctx) {
					if items--; items == 0 || err != nil {
						break
					}
				}
				assertLeft(t, synctest.Wait, nil)
			})
		})
	}
}

// TestMergeOfRxGoSources: what the documentation says about operators over sources of
// RxGo, and the cure.
func TestMergeOfRxGoSources(t *testing.T) {
	merge := func(opt rxgo.Option) rxgo.Observable {
		return rxgo.Merge([]rxgo.Observable{rxgo.Interval(ticks(1), opt), rxgo.Interval(ticks(1.3), opt)}, opt)
	}
	scoped := func(ctx context.Context, opt rxgo.Option) rxgo.Observable {
		return rx.Scope(ctx, func(_ context.Context, opt rxgo.Option) rxgo.Observable { return merge(opt) }, opt)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		o := rx.FromFunc[any](func(opt rxgo.Option) rxgo.Observable { return scoped(ctx, opt).Map(same, opt).Skip(0, opt) })
		for range o(ctx) {
			break
		}
		assertLeft(t, synctest.Wait, nil)
	})
}

// TestMergeBeforeTake: what the documentation advises where an operator of RxGo would end
// the chain before a Merge. The sources do not wait between items, so that Merge always has
// one to send.
func TestMergeBeforeTake(t *testing.T) {
	busy := func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for ctx.Err() == nil {
				if !yield(1, nil) {
					return
				}
			}
			yield(0, context.Cause(ctx))
		}
	}
	merge := func(ctx context.Context, opt rxgo.Option) rxgo.Observable {
		return rxgo.Merge([]rxgo.Observable{rx.ToRxGo(ctx, busy, opt), rx.ToRxGo(ctx, busy, opt)}, opt)
	}
	for name, c := range map[string]struct {
		chain func(context.Context, rxgo.Option) rxgo.Observable
		items int // -1: the chain ends by itself
	}{
		"the range ends": {func(ctx context.Context, opt rxgo.Option) rxgo.Observable {
			return merge(ctx, opt).Map(same, opt)
		}, 2},
		"a Scope of its own": {func(ctx context.Context, opt rxgo.Option) rxgo.Observable {
			return rx.Scope(ctx, merge, opt).Map(same, opt).Take(2, opt)
		}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := rx.FromFunc[int](func(opt rxgo.Option) rxgo.Observable { return c.chain(t.Context(), opt) })
				items := c.items
				for v, err := range o(t.Context()) {
					require.NoError(t, err)
					require.Equal(t, 1, v)
					if items--; items == 0 {
						break
					}
				}
				assertLeft(t, synctest.Wait, nil)
			})
		})
	}
}

func same(_ context.Context, v any) (any, error) { return v, nil }

// TestWindowWithCountKeepsAGoroutine: it sends into a window without a context, so
// only reading the abandoned window to its end frees it.
func TestWindowWithCountKeepsAGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := rx.FromFunc[rxgo.Observable](func(opt rxgo.Option) rxgo.Observable {
			return rx.ToRxGo(t.Context(), endless()).WindowWithCount(2, opt)
		})
		var window rxgo.Observable
		for w := range o(t.Context()) {
			window = w
			break
		}
		synctest.Wait()
		ours, theirs := goroutines()
		assert.Empty(t, ours)
		assert.Equal(t, sequential, theirs)
		read(t.Context(), window.Observe())
	})
}

// TestGoroutinesSeesOurs checks that the checks with goroutines can fail, and that
// goroutines of other tests do not make them fail.
func TestGoroutinesSeesOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		items := rx.ToRxGo(ctx, endless()).Map(double).Observe()
		synctest.Wait()
		ours, theirs := goroutines()
		require.Len(t, ours, 1)
		require.Equal(t, []string{"runSequential.func1"}, theirs)
		cancel()
		read(t.Context(), items)
	})
	t.Run("outside of bubbles", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		started := make(chan struct{})
		items := rx.ToRxGo(ctx, rxsse.Observable[int](func(ctx context.Context) iter.Seq2[int, error] {
			return func(func(int, error) bool) {
				close(started)
				<-ctx.Done()
			}
		})).Observe()
		<-started
		ours, _ := goroutines()
		assert.Len(t, ours, 1)
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := goroutines()
			assert.Empty(t, ours, "goroutines outside of this bubble")
			assert.Empty(t, theirs, "goroutines outside of this bubble")
		})
		cancel()
		read(t.Context(), items)
	})
}
