package source_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
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

// upTo returns a next that returns 1 to n, and then end.
func upTo(n int, end error) func(context.Context) (int, error) {
	i := 0
	return func(context.Context) (int, error) {
		if i++; i > n {
			return 77, end
		}
		return i, nil
	}
}

// opened calls FromFunc with a separate next for each subscription.
func opened(open func() func(context.Context) (int, error)) rxsse.Observable[int] {
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) { source.FromFunc(open())(ctx)(yield) }
	}
}

func TestContractOfFromFunc(t *testing.T) {
	rxssetest.Source[int]{
		Finite: func() rxsse.Observable[int] {
			return opened(func() func(context.Context) (int, error) { return upTo(3, io.EOF) })
		},
		Want: []int{1, 2, 3},
		Failing: func(err error) rxsse.Observable[int] {
			return source.FromFunc(upTo(0, err))
		},
		Endless: func() rxsse.Observable[int] {
			return opened(func() func(context.Context) (int, error) { return upTo(1_000_000_000, nil) })
		},
		Silent: func() rxsse.Observable[int] {
			return source.FromFunc(func(ctx context.Context) (int, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			})
		},
		Panicking: func(v any) rxsse.Observable[int] {
			return source.FromFunc(func(context.Context) (int, error) { panic(v) })
		},
	}.Check(t)
}

func TestFromFuncEnds(t *testing.T) {
	errLost := errors.New("lost")
	cut := fmt.Errorf("reading: %w", io.EOF)
	for _, c := range []struct {
		name      string
		end, want error
	}{
		{"io.EOF completes", io.EOF, nil},
		{"an error", errLost, errLost},
		{"an error that wraps io.EOF is a failure", cut, cut},
		{"io.ErrUnexpectedEOF is a failure", io.ErrUnexpectedEOF, io.ErrUnexpectedEOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []int
			var ends []error
			for v, err := range source.FromFunc(upTo(2, c.end))(t.Context()) {
				if err != nil {
					ends = append(ends, err)
					assert.Zero(t, v, "the value beside an error")
					continue
				}
				got = append(got, v)
			}
			assert.Equal(t, []int{1, 2}, got)
			if c.want == nil {
				assert.Empty(t, ends)
			} else {
				assert.Equal(t, []error{c.want}, ends)
			}
		})
	}
}

// next is called once for each item, and not ahead of the consumer.
func TestFromFuncDoesNotReadAhead(t *testing.T) {
	calls := 0
	src := source.FromFunc(func(context.Context) (int, error) { calls++; return calls, nil })
	for v, err := range src(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, v, calls)
		if v == 3 {
			break
		}
	}
	assert.Equal(t, 3, calls)
}

// All subscriptions share one next.
func TestFromFuncIsShared(t *testing.T) {
	src := source.FromFunc(upTo(3, io.EOF))
	for v, err := range src(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, 1, v)
		break
	}
	got, err := sink.Collect(t.Context(), src)
	require.NoError(t, err)
	assert.Equal(t, []int{2, 3}, got)
}

// A next may ignore its context, as the documentation says: the range ends when next
// returns, an item is delivered, an error is replaced by the cause, and no goroutine leaks,
// or the bubble would not end.
func TestFromFuncWithANextThatIgnoresItsContext(t *testing.T) {
	errGone := errors.New("gone")
	for _, c := range []struct {
		name string
		err  error
		want []any
	}{
		{"an item", nil, []any{7, errGone}},
		{"an error", errors.New("use of closed connection"), []any{errGone}},
		{"an end", io.EOF, []any{errGone}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGone)
				defer cancel()
				start := time.Now()
				var got []any
				for v, err := range source.FromFunc(func(context.Context) (int, error) {
					time.Sleep(time.Minute)
					return 7, c.err
				})(ctx) {
					if err != nil {
						got = append(got, err)
						continue
					}
					got = append(got, v)
				}
				assert.Equal(t, c.want, got)
				assert.Equal(t, time.Minute, time.Since(start))
			})
		})
	}
}

func TestFromFuncAllocatesNothingPerItem(t *testing.T) {
	assert.Less(t, testing.AllocsPerRun(10, func() {
		for range source.FromFunc(upTo(1000, io.EOF))(t.Context()) {
		}
	}), 10.0, "allocations for 1000 items")
}

func TestFromFuncRefusesNil(t *testing.T) {
	assert.PanicsWithValue(t, "source: FromFunc: next is nil", func() { source.FromFunc[int](nil) })
}

func BenchmarkFromFunc(b *testing.B) {
	b.ReportAllocs()
	for _, err := range source.FromFunc(upTo(b.N, io.EOF))(b.Context()) {
		if err != nil {
			b.Fatal(err)
		}
	}
}
