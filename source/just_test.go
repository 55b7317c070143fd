package source_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rxssetest"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func naturals(yield func(int) bool) {
	for n := 0; yield(n); n++ {
	}
}

func TestContractOfBeginnings(t *testing.T) {
	type ints = rxsse.Observable[int]
	for name, s := range map[string]rxssetest.Source[int]{
		"Just": {
			Finite: func() ints { return source.Just(1, 2, 3) },
			Want:   []int{1, 2, 3},
		},
		"Empty": {
			Finite: source.Empty[int],
		},
		"Never": {
			Silent: source.Never[int],
		},
		"Fail": {
			Failing: source.Fail[int],
		},
		"FromSeq": {
			Finite:    func() ints { return source.FromSeq(slices.Values([]int{1, 2, 3})) },
			Want:      []int{1, 2, 3},
			Endless:   func() ints { return source.FromSeq(naturals) },
			Panicking: func(v any) ints { return source.FromSeq(func(func(int) bool) { panic(v) }) },
		},
		"FromChannel": {
			Endless: func() ints {
				c := make(chan int, 10)
				for i := range cap(c) {
					c <- i
				}
				return source.FromChannel(c)
			},
			Silent: func() ints { return source.FromChannel(make(chan int)) },
		},
	} {
		t.Run(name, s.Check)
	}
}

func TestFromChannelCompletesWhenTheChannelIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := make(chan int)
		go func() {
			defer close(c)
			for i := range 3 {
				time.Sleep(time.Second)
				c <- i
			}
		}()
		got, err := sink.Collect(t.Context(), source.FromChannel(c))
		require.NoError(t, err)
		assert.Equal(t, []int{0, 1, 2}, got)
	})
}

// An endingContext has ended before its channel is closed, which happens briefly in every
// context.
type endingContext struct {
	context.Context

	ended atomic.Bool
}

func (c *endingContext) Err() error {
	if c.ended.Load() {
		return errGone
	}
	return nil
}

// A channel that its sender closes because the context has ended is not complete.
func TestFromChannelThatIsClosedAsTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := &endingContext{Context: t.Context()}
		c := make(chan int)
		go func() {
			synctest.Wait() // until the range waits for an item
			ctx.ended.Store(true)
			close(c)
		}()
		for _, err := range source.FromChannel(c)(ctx) {
			assert.Equal(t, errGone, err)
			return
		}
		t.Error("completed")
	})
}

func TestJustDoesNotAliasItsArguments(t *testing.T) {
	items := []int{1, 2}
	src := source.Just(items...)
	items[0] = 7
	got, err := sink.Collect(t.Context(), src)
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2}, got)
}

func TestFromSeqStopsTheSequence(t *testing.T) {
	stopped := false
	seq := func(yield func(int) bool) {
		defer func() { stopped = true }()
		naturals(yield)
	}
	for v, err := range source.FromSeq(iter.Seq[int](seq))(t.Context()) {
		require.NoError(t, err)
		if v == 3 {
			break
		}
	}
	assert.True(t, stopped)
}

func TestFailRefusesNil(t *testing.T) {
	assert.PanicsWithValue(t, "source: Fail: err is nil", func() { source.Fail[int](nil) })
	_, err := sink.Collect(t.Context(), source.Fail[int](errors.ErrUnsupported))
	assert.Equal(t, errors.ErrUnsupported, err)
}

func TestNothingIsAllocatedPerItem(t *testing.T) {
	items := make([]int, 1000)
	for name, src := range map[string]func() float64{
		"Just": func() float64 {
			src := source.Just(items...)
			return testing.AllocsPerRun(10, func() {
				for range src(t.Context()) {
				}
			})
		},
		"FromSeq": func() float64 {
			src := source.FromSeq(func(yield func(int) bool) {
				for _, v := range items {
					if !yield(v) {
						return
					}
				}
			})
			return testing.AllocsPerRun(10, func() {
				for range src(t.Context()) {
				}
			})
		},
	} {
		assert.Less(t, src(), 10.0, "%s: allocations for %d items", name, len(items))
	}
}
