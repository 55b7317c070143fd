package operators

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

// slowly takes d for each item of src.
func slowly[T any](src rxsse.Observable[T], d time.Duration) rxsse.Observable[T] {
	return Map(src, func(v T) T { time.Sleep(d); return v })
}

func TestBuffer(t *testing.T) {
	for _, c := range []struct {
		name, src string
		n         int
		overflow  Overflow
		want      string
		dropped   int64
	}{
		{"waits", "-abcd|", 1, OverflowBlock, "a b c (d|)", 0},
		{"has room for all", "-abcd|", 3, OverflowFail, "a b c (d|)", 0},
		{"drops the oldest", "-abcdef|", 2, OverflowDropOldest, "a e (f|)", 3},
		{"drops the newest", "-abcdef|", 2, OverflowDropNewest, "a b (c|)", 3},
		{"keeps the latest after two", "-abcdef|", 2, OverflowLatest, "a (f|)", 4},
		{"keeps the latest after two, and one more", "-abcde|", 2, OverflowLatest, "a d (e|)", 2},
		{"keeps the latest", "-abcdef|", 1, OverflowLatest, "a (f|)", 4},
		{"fails after what waits", "-abcdef|", 2, OverflowFail, "a b (c#)", 0},
		{"an error comes after what waits", "-abc#", 2, OverflowFail, "a b (c#)", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dropped atomic.Int64
				src := marble.Cold(c.src) // ends before the consumer, which takes 10 frames, has its second item
				got := marble.Record(t.Context(), slowly(Buffer(src, c.n, c.overflow, CountDropped(&dropped)), 10*marble.Frame))
				assert.Equal(t, "-----------"+strings.ReplaceAll(c.want, " ", "---------"), got)
				assert.Equal(t, c.dropped, dropped.Load(), "dropped")
			})
		})
	}
}

func TestBufferThatKeepsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		assert.Equal(t, "-a--b--c-|", marble.Record(t.Context(), Buffer(marble.Cold("-a--b--c-|"), 1, OverflowFail)))
	})
}

func TestBufferOverflowIsATypedError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := drain(t.Context(), slowly(Buffer(from(1, 2, 3, 4, 5), 3, OverflowFail), time.Second))
		var overflow *OverflowError
		require.ErrorAs(t, err, &overflow)
		assert.Equal(t, OverflowError{Operator: "Buffer", Limit: 3}, *overflow)
		assert.EqualError(t, err, "operators: Buffer: buffer is full (3 items or 16 MiB): the consumer is slower than the stream; use a larger buffer or another overflow policy")
	})
}

func TestBufferEndsAnOverflowingSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		released := false
		src := Finally(endless(), func() { released = true })
		_, err := drain(t.Context(), slowly(Buffer(src, 3, OverflowFail), time.Second))
		require.ErrorAs(t, err, new(*OverflowError))
		assert.True(t, released)
	})
}

// endless delivers 0, 1, 2, … without a pause.
func endless() rxsse.Observable[int] {
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := 0; yield(i, nil); i++ {
				if ctx.Err() != nil {
					yield(0, context.Cause(ctx))
					return
				}
			}
		}
	}
}

// drain returns what obs delivers and the error it ends with.
func drain[T any](ctx context.Context, obs rxsse.Observable[T]) (items []T, err error) {
	for v, err := range obs(ctx) {
		if err != nil {
			return items, err
		}
		items = append(items, v)
	}
	return items, nil
}

// With every policy, the delivered items are a subsequence in order, and every missing item
// was counted.
func TestBufferCountsWhatItDrops(t *testing.T) {
	for _, overflow := range []Overflow{OverflowBlock, OverflowDropOldest, OverflowDropNewest, OverflowLatest} {
		for _, n := range []int{1, 2, 7, 100} {
			var dropped atomic.Int64
			const items = 10_000
			got, err := drain(t.Context(), Buffer(Take(endless(), items), n, overflow, CountDropped(&dropped)))
			require.NoError(t, err)
			assert.IsIncreasing(t, got, "%v of %d", overflow, n)
			assert.EqualValues(t, items, int64(len(got))+dropped.Load(), "%v of %d", overflow, n)
			if overflow != OverflowDropNewest {
				assert.Equal(t, items-1, got[len(got)-1], "%v of %d: the last item", overflow, n)
			}
		}
	}
}

func TestBufferIsCancelled(t *testing.T) {
	errGone := errors.New("gone")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(2*time.Second+1, func() { cancel(errGone) })
		got, err := drain(ctx, slowly(Buffer(from(1, 2, 3, 4, 5), 5, OverflowDropOldest), time.Second))
		assert.Equal(t, errGone, err)
		assert.Equal(t, []int{1, 2, 3}, got, "what waits is dropped")
	})
}

func TestOverflow(t *testing.T) {
	assert.Equal(t, OverflowBlock, Overflow(0), "the zero value")
	for want, o := range map[string]Overflow{
		"Block": OverflowBlock, "DropOldest": OverflowDropOldest, "DropNewest": OverflowDropNewest, "Latest": OverflowLatest, "Fail": OverflowFail,
	} {
		assert.Equal(t, want, o.String())
	}
	assert.Equal(t, "Overflow(-1)", Overflow(-1).String())
	assert.Equal(t, "Overflow(5)", Overflow(5).String())
}

func TestContractOfBuffer(t *testing.T) {
	for _, overflow := range []Overflow{OverflowBlock, OverflowDropOldest, OverflowDropNewest, OverflowLatest, OverflowFail} {
		t.Run(overflow.String(), rxssetest.Operator[int, int]{
			Apply: func(src rxsse.Observable[int]) rxsse.Observable[int] {
				return Buffer(src, 2, overflow, CountDropped(new(atomic.Int64)))
			},
			Items: []int{1, 2, 3},
		}.Check)
	}
}

func TestBufferArguments(t *testing.T) {
	assert.PanicsWithValue(t, "operators: Buffer: n must be positive, got 0", func() { Buffer(from(1), 0, OverflowBlock) })
	assert.PanicsWithValue(t, "operators: CountDropped: n is nil", func() { CountDropped(nil) })
	for operator, build := range map[string]func(Overflow){
		"Buffer": func(o Overflow) { Buffer(from(1), 1, o) },
		"Share":  func(o Overflow) { Share(from(1), 1, o) },
		"Replay": func(o Overflow) { Replay(from(1), 1, 1, o) },
	} {
		for _, o := range []Overflow{-1, 5} {
			message := fmt.Sprintf("operators: %s: unknown overflow policy %d; use one of the Overflow constants", operator, o)
			assert.PanicsWithValue(t, message, func() { build(o) })
		}
	}
}
