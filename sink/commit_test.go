package sink_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// slowly delivers items one second apart, so that each is a separate batch.
func slowly[T any](items ...T) rxsse.Observable[T] {
	return operators.ConcatMap(source.Just(items...), func(v T) rxsse.Observable[T] {
		return func(ctx context.Context) iter.Seq2[T, error] {
			return func(yield func(T, error) bool) {
				select {
				case <-time.After(time.Second):
					yield(v, nil)
				case <-ctx.Done():
					var none T
					yield(none, context.Cause(ctx))
				}
			}
		}
	})
}

// A recorder is a Checkpoint that keeps every saved position.
type recorder struct{ saved []string }

func (r *recorder) Save(_ context.Context, id string) error {
	r.saved = append(r.saved, id)
	return nil
}

func TestCommitSavesAfterTheWork(t *testing.T) {
	for _, c := range []struct {
		name  string
		items []codec.Event
		fail  string // the Data at which work fails
		saved []string
	}{
		{"each event", []codec.Event{{ID: "1"}, {ID: "2"}}, "", []string{"1", "2"}},
		{"the same ID again", []codec.Event{{ID: "1"}, {ID: "1"}}, "", []string{"1"}},
		{"no ID", []codec.Event{{ID: "1"}, {}, {ID: "2"}}, "", []string{"1", "2"}},
		{"unknown position", []codec.Event{{ID: "1"}, {ID: "2", Unordered: true}}, "", []string{"1"}},
		{"work fails", []codec.Event{{ID: "1"}, {ID: "2", Data: "bad"}, {ID: "3"}}, "bad", []string{"1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var checkpoint recorder
				broken := errors.New("broken")
				err := sink.Commit(t.Context(), slowly(c.items...), func(items []codec.Event) error {
					if c.fail != "" && items[0].Data == c.fail {
						return broken
					}
					return nil
				}, &checkpoint)
				if c.fail != "" {
					assert.Same(t, broken, err)
				} else {
					require.NoError(t, err)
				}
				assert.Equal(t, c.saved, checkpoint.saved)
			})
		})
	}
}

// The position of an event that becomes several items is saved with the last of them, so
// a crash between them loses none.
func TestCommitOfOneEventThatBecomesSeveralItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		letters := operators.FlatMapValue(source.Just(codec.Message[string]{ID: "7", Value: "a b c"}), strings.Fields)
		spread := operators.ConcatMap(letters, func(m codec.Message[string]) rxsse.Observable[codec.Message[string]] { return slowly(m) })
		crash := errors.New("crash")
		for _, last := range []string{"b", "c"} {
			var checkpoint recorder
			err := sink.Commit(t.Context(), spread, func(items []codec.Message[string]) error {
				if items[0].Value == last {
					return crash
				}
				return nil
			}, &checkpoint)
			require.Same(t, crash, err)
			assert.Empty(t, checkpoint.saved, "event 7 is not done when %q is not", last)
		}
	})
}

func TestCommitNamesThePositionThatIsNotSaved(t *testing.T) {
	full := errors.New("disk full")
	err := sink.Commit(t.Context(), source.Just(codec.Event{ID: "7"}), func([]codec.Event) error { return nil }, &lastSaved{err: full})
	require.ErrorIs(t, err, full)
	assert.EqualError(t, err, `sink: Commit: the work up to event "7" is done, but its position is not saved: disk full`)
}

// A saved position is kept, even though the context was cancelled during the work.
func TestCommitSavesFinishedWorkOnCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		stop := errors.New("stop")
		var checkpoint recorder
		err := sink.Commit(ctx, slowly(codec.Event{ID: "1"}, codec.Event{ID: "2"}), func([]codec.Event) error {
			cancel(stop)
			return nil
		}, &checkpoint)
		assert.Same(t, stop, err)
		assert.Equal(t, []string{"1"}, checkpoint.saved)
	})
}

func TestCommitFuncTakesPositionsFromTheCaller(t *testing.T) {
	var checkpoint recorder
	err := sink.CommitFunc(t.Context(), source.Just(1, 2, 3), func([]int) error { return nil }, &checkpoint, func(n int) string {
		if n == 3 {
			return ""
		}
		return fmt.Sprint(n)
	})
	require.NoError(t, err)
	assert.Equal(t, "2", checkpoint.saved[len(checkpoint.saved)-1])
}

func TestTransactGivesThePositionOfEachBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		src := slowly(codec.Event{ID: "1", Data: "a"}, codec.Event{Data: "b"}, codec.Event{ID: "3", Data: "c"})
		err := sink.Transact(t.Context(), src, func(items []codec.Event, resumeID string) error {
			for _, e := range items {
				got = append(got, e.Data)
			}
			got = append(got, "("+resumeID+")")
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, []string{"a", "(1)", "b", "()", "c", "(3)"}, got)

		broken := errors.New("broken")
		err = sink.Transact(t.Context(), src, func([]codec.Event, string) error { return broken })
		assert.Same(t, broken, err)
	})
}

// The items of one event are in one transaction, however slowly they arrive. Those of an
// event that was cut off arrive again after a restart.
func TestTransactKeepsTheItemsOfAnEventTogether(t *testing.T) {
	type message = codec.Message[string]
	items := []message{
		{Value: "a", More: true},
		{ID: "1", Value: "b"},
		{ID: "2", Value: "c"},
		{Value: "d", More: true, Unordered: true},
		{Value: "e", More: true},
		{Value: "f", More: true},
	}
	transactions := func(t *testing.T, src rxsse.Observable[message]) (got []string, err error) {
		err = sink.Transact(t.Context(), src, func(items []message, resumeID string) error {
			var values strings.Builder
			for _, m := range items {
				values.WriteString(m.Value)
			}
			got = append(got, values.String()+"("+resumeID+")")
			return nil
		})
		return got, err
	}
	synctest.Test(t, func(t *testing.T) {
		got, err := transactions(t, slowly(items...))
		require.NoError(t, err)
		assert.Equal(t, []string{"ab(1)", "c(2)", "d()", "ef()"}, got, "the stream has completed after ef")

		broken := errors.New("broken")
		got, err = transactions(t, operators.Concat(slowly(items...), source.Fail[message](broken)))
		assert.Same(t, broken, err)
		assert.Equal(t, []string{"ab(1)", "c(2)", "d()"}, got, "ef comes again")
	})
	stored := 0
	require.NoError(t, sink.Transact(t.Context(), source.Just(slices.Repeat(items[:3], 1000)...), func(items []message, resumeID string) error {
		stored += len(items)
		last := items[len(items)-1]
		assert.False(t, last.More)
		assert.Equal(t, last.ID, resumeID)
		return nil
	}), "fast")
	assert.Equal(t, 3000, stored)
	largest := 0
	endless := source.Just(slices.Repeat([]message{{More: true}}, 1<<17)...)
	require.NoError(t, sink.Transact(t.Context(), endless, func(items []message, _ string) error {
		largest = max(largest, len(items))
		return nil
	}))
	assert.LessOrEqual(t, largest, 1<<16+256, "memory is bounded")

	var own []*ownPart
	require.NoError(t, sink.Transact(t.Context(), source.Just(&ownPart{more: true}, &ownPart{}), func(items []*ownPart, _ string) error {
		own = append(own, items...)
		assert.Len(t, items, 2)
		return nil
	}))
	assert.Len(t, own, 2)
}

type ownPart struct{ more bool }

func (p *ownPart) ResumeID() string { return "" }
func (p *ownPart) HasMore() bool    { return p.more }

// Commit warns once, after a while, if no item has a position.
func TestCommitWarnsOfAStreamWithoutPositions(t *testing.T) {
	for _, c := range []struct {
		name   string
		events int
		pause  time.Duration
		id     string
		warns  int
	}{
		{"no ids", 2000, time.Second, "", 1},
		{"ids", 2000, time.Second, "1", 0},
		{"just enough, just long enough", 1000, 60 * time.Millisecond, "", 1},
		{"too few to tell", 999, time.Second, "", 0},
		{"too early to tell", 2000, time.Minute/2000 - 1, "", 0},
		{"an id once", 2000, time.Second, "once", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				before := slog.Default()
				slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
				defer slog.SetDefault(before)
				events := operators.Map(operators.Take(source.Interval(c.pause), c.events), func(n int) codec.Event {
					if c.id == "once" && n > 0 {
						return codec.Event{}
					}
					return codec.Event{ID: c.id}
				})
				require.NoError(t, sink.Commit(t.Context(), events, func([]codec.Event) error { return nil }, &recorder{}))
				assert.Equal(t, c.warns, strings.Count(log.String(), "no item has a position"), log.String())
			})
		})
	}
}
