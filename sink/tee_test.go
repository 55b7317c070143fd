package sink_test

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/sink"
)

var errFull = errors.New("full")

// failingAt returns a sink that fails at an item.
func failingAt(at string) sink.Sink[string] {
	return func(ctx context.Context, src rxsse.Observable[string]) error {
		return sink.ForEach(ctx, src, func(v string) error {
			if v == at {
				return errFull
			}
			return nil
		})
	}
}

func TestTeeEndsWithTheFirstFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got string
		start := time.Now()
		err := sink.Tee(t.Context(), marble.Cold("a-b-c-d"), appending(&got), failingAt("b"))
		assert.Equal(t, errFull, err)
		assert.Equal(t, 2*marble.Frame, time.Since(start))
		assert.Contains(t, []string{"a", "ab"}, got)
	})
}

func TestTeeGoesOnWithoutAnIsolatedSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got string
		var failures []error
		err := sink.Tee(t.Context(), marble.Cold("a-b-c-d|"), appending(&got),
			sink.Isolated(failingAt("b"), func(err error) { failures = append(failures, err) }))
		require.NoError(t, err)
		assert.Equal(t, "abcd", got)
		assert.Equal(t, []error{errFull}, failures)
	})
}

// The items before an error of the stream reach the slower sink too.
func TestTeeErrorComesAfterTheItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fast, slow string
		err := sink.Tee(t.Context(), marble.Cold("abc#"), appending(&fast),
			func(ctx context.Context, src rxsse.Observable[string]) error {
				return sink.ForEach(ctx, src, func(v string) error { time.Sleep(time.Second); slow += v; return nil })
			})
		assert.Equal(t, marble.Err, err)
		assert.Equal(t, "abc", fast)
		assert.Equal(t, "abc", slow)
	})
}

func TestTeeEndsWhenNoSinkNeedsMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := func(ctx context.Context, src rxsse.Observable[string]) error {
			_, err := sink.First(ctx, src)
			return err
		}
		start := time.Now()
		require.NoError(t, sink.Tee(t.Context(), marble.Cold("--a"), one, sink.Isolated(one, func(err error) { t.Error(err) })))
		assert.Equal(t, 2*marble.Frame, time.Since(start), "not with the next item, of which there is none")
	})
}

// A slow sink holds the others up once it is 256 items behind.
func TestTeeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got atomic.Int64
		slow := func(ctx context.Context, src rxsse.Observable[int]) error {
			return sink.ForEach(ctx, src, func(int) error { time.Sleep(time.Second); return nil })
		}
		fast := func(ctx context.Context, src rxsse.Observable[int]) error {
			return sink.ForEach(ctx, src, func(int) error { got.Add(1); return nil })
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Millisecond, func() {
			synctest.Wait()
			assert.LessOrEqual(t, got.Load(), int64(2*256+1))
			cancel(errGone)
		})
		assert.Equal(t, errGone, sink.Tee(ctx, just(make([]int, 10_000)...), slow, fast))
	})
}

// The timeout of a sink's own context is a failure of that sink, not the end of the stream.
func TestTeeSinkWithAContextOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		impatient := func(ctx context.Context, src rxsse.Observable[string]) error {
			ctx, cancel := context.WithTimeoutCause(ctx, 3*marble.Frame, errGone)
			defer cancel()
			return sink.ForEach(ctx, src, func(string) error { return nil })
		}
		var got string
		start := time.Now()
		assert.Equal(t, errGone, sink.Tee(t.Context(), marble.Cold("a----b|"), impatient, appending(&got)))
		assert.Equal(t, 3*marble.Frame, time.Since(start))
	})
}

func TestTeeSinkThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got string
		defer func() {
			carried, ok := recover().(*rxsse.PanicError)
			assert.True(t, ok)
			assert.Equal(t, "boom", carried.Value)
		}()
		_ = sink.Tee(t.Context(), marble.Cold("a---b"), appending(&got),
			func(context.Context, rxsse.Observable[string]) error { panic("boom") })
		t.Error("it returned")
	})
}

// A panic of the source at its end is raised even if no sink is left.
func TestTeeSourceThatPanicsAsItIsLeft(t *testing.T) {
	leaving := func(ctx context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			marble.Cold("a---b---c")(ctx)(yield)
			panic("boom")
		}
	}
	for name, s := range map[string]sink.Sink[string]{
		"after it wants no more": func(ctx context.Context, src rxsse.Observable[string]) error {
			_, err := sink.First(ctx, src)
			return err
		},
		"after it has failed": func(ctx context.Context, src rxsse.Observable[string]) error {
			return sink.ForEach(ctx, src, func(string) error { return errFull })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer func() {
					carried, ok := recover().(*rxsse.PanicError)
					require.True(t, ok)
					assert.Equal(t, "boom", carried.Value)
				}()
				_ = sink.Tee(t.Context(), leaving, s)
				t.Error("it returned")
			})
		})
	}
}

// A second range gets an error at once: its items are gone.
func TestTeeSinkThatRangesTwice(t *testing.T) {
	twice := func(ctx context.Context, src rxsse.Observable[string]) error {
		for range src(ctx) {
			break
		}
		return sink.ForEach(ctx, src, func(string) error { return nil })
	}
	atOnce := func(ctx context.Context, src rxsse.Observable[string]) error {
		for range src(ctx) {
			for _, err := range src(ctx) {
				return err
			}
		}
		return nil
	}
	for name, s := range map[string]sink.Sink[string]{"one after the other": twice, "one in the other": atOnce} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got string
				start := time.Now()
				require.ErrorIs(t, sink.Tee(t.Context(), marble.Cold("a-b"), s, appending(&got)), sink.ErrRangedTwice)
				assert.Zero(t, time.Since(start))

				got = ""
				var handled error
				isolated := sink.Isolated(s, func(err error) { handled = err })
				require.NoError(t, sink.Tee(t.Context(), marble.Cold("a-b|"), isolated, appending(&got)))
				require.ErrorIs(t, handled, sink.ErrRangedTwice, "it is the sink's own error")
				assert.Equal(t, "ab", got)
			})
		})
	}
}

// A sink that keeps its stream and ranges over it later gets the error, too.
func TestTeeSinkThatRangesAfterItHasReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept rxsse.Observable[string]
		require.NoError(t, sink.Tee(t.Context(), marble.Cold("a-b|"), func(_ context.Context, src rxsse.Observable[string]) error {
			kept = src
			return nil
		}))
		_, err := sink.Collect(t.Context(), kept)
		require.ErrorIs(t, err, sink.ErrRangedTwice)
	})
}
