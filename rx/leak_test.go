package rx_test

import (
	"context"
	"errors"
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

	"github.com/rxsse/rxsse/rx"
)

// patience is the longest that the bridge waits for RxGo, as documented.
const patience = 100 * time.Millisecond

// TestNothingOfOursIsLeft abandons each method in the middle of an endless stream,
// in the worst way: the context that RxGo has goes on, and nobody reads. When the
// bound context ends, no goroutine of this module may be left, and of RxGo exactly
// those that the row names.
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

	// What is left of RxGo waits for a reader. It gets one, and then the end of its
	// context: whatever outlives both fails the bubble, or TestMain.
	<-returned
	if items != nil {
		read(t.Context(), items)
	}
}

// assertLeft checks that no goroutine of ours is left and of RxGo those given,
// once the bridge and in real time the scheduler have had their time.
func assertLeft(t *testing.T, settle func(), leaves []string) {
	t.Helper()
	var ours, theirs []string
	for range 20 {
		settle()
		ours, theirs = goroutines()
		if len(ours) == 0 && slices.Equal(theirs, leaves) {
			break
		}
		wait(t.Context(), patience)
	}
	assert.Empty(t, ours, "goroutines of this module")
	assert.Equal(t, leaves, theirs, "goroutines of RxGo")
}

var rxgoFrame = regexp.MustCompile(`(?m)^github\.com/reactivex/rxgo/v2\.(.+)\([^()]*\)$`)

// goroutines gives the stacks of the bridge's goroutines, and for each that is
// RxGo's alone the RxGo function that it runs.
func goroutines() (ours, theirs []string) {
	buf := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
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

// TestFromFuncLeavesNothing ends a range over each operator, most of which From
// cannot free.
func TestFromFuncLeavesNothing(t *testing.T) {
	not := map[string]string{
		"Observable.BackOffRetry":          "closes its channel twice when its context ends: a panic",
		"Observable.BufferWithTimeOrCount": "sends to a goroutine of its own that has left, once in a hundred times",
		"Observable.WindowWithCount":       "see TestWindowWithCountKeepsAGoroutine",
	}
	for _, m := range methods() {
		if m.gives || m.build == nil || not[m.name] != "" {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			if m.locks {
				leave(t, m, func() {})
				return
			}
			synctest.Test(t, func(t *testing.T) { leave(t, m, synctest.Wait) })
		})
	}
}

func leave(t *testing.T, m method, settle func()) {
	t.Helper()
	bound, end := context.WithCancel(t.Context())
	defer end()
	o := rx.FromFunc[any](func(opt rxgo.Option) rxgo.Iterable {
		return m.build(kit{t: t, ctx: bound, opts: []rxgo.Option{opt}, play: func(script) rxgo.Observable {
			return rx.ToRxGo(bound, endless(), opt)
		}})
	})
	ctx, cancel := context.WithTimeoutCause(t.Context(), 10*tick+tick/4, errBoom)
	defer cancel()
	for _, err := range o(ctx) {
		if err != nil {
			break
		}
	}
	assertLeft(t, settle, nil)
}

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

// TestGoroutinesSeesOurs makes sure that the check above can fail.
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
}
