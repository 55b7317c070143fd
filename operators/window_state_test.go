package operators

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/rxssetest"
)

// withIDs returns messages with the IDs "1", "2", …
func withIDs(values ...int) rxsse.Observable[codec.Message[int]] {
	messages := make([]codec.Message[int], len(values))
	for i, v := range values {
		messages[i] = codec.Message[int]{ID: string(rune('1' + i)), Value: v}
	}
	return from(messages...)
}

func sumMessages(src rxsse.Observable[codec.Message[int]], spec Assigner, opts ...WindowOption) rxsse.Observable[WindowResult[int]] {
	return Aggregate(src, spec, func() int { return 0 }, func(sum int, m codec.Message[int]) int { return sum + m.Value }, opts...)
}

// savedState returns a state that holds 4, after windows of 1+2 and before the rest.
func savedState(t *testing.T) []byte {
	t.Helper()
	var state State
	sums := collect(t, sumMessages(withIDs(1, 2, 4), ByCount(2), WithState(&state)))
	require.Len(t, sums, 2)
	assert.True(t, sums[1].Partial)
	data, err := state.Save()
	require.NoError(t, err)
	return data
}

func TestStateGoesOn(t *testing.T) {
	var state State
	require.NoError(t, state.Load(savedState(t)))
	assert.Equal(t, "2", state.LastEventID())
	sums := collect(t, sumMessages(Skip(withIDs(1, 2, 4, 8), 2), ByCount(2), WithState(&state)))
	require.Len(t, sums, 1)
	assert.Equal(t, 12, sums[0].Value)
	assert.False(t, sums[0].Partial)
	assert.Equal(t, "4", sums[0].ResumeID())
}

func TestStateContract(t *testing.T) {
	rxssetest.Operator[codec.Message[int], WindowResult[int]]{
		Apply: func(src rxsse.Observable[codec.Message[int]]) rxsse.Observable[WindowResult[int]] {
			return func(ctx context.Context) iter.Seq2[WindowResult[int], error] {
				return sumMessages(src, ByCount(2), WithState(new(State)))(ctx) // a state serves one subscription
			}
		},
		Items: collect(t, withIDs(1, 2, 3, 4)),
	}.Check(t)
}

// A window that ended while the program was down is delivered at the start.
func TestStateOfAWindowThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var state State
		minutes := func(src rxsse.Observable[codec.Message[int]]) rxsse.Observable[WindowResult[int]] {
			return sumMessages(src, Tumbling(time.Minute), WithState(&state))
		}
		sums := collect(t, minutes(withIDs(1, 2)))
		require.Len(t, sums, 1)
		assert.True(t, sums[0].Partial)
		data, err := state.Save()
		require.NoError(t, err)

		time.Sleep(time.Hour)
		start := time.Now()
		require.NoError(t, state.Load(data))
		later := Tap(Skip(withIDs(1, 2, 4), 2), func(codec.Message[int]) { time.Sleep(time.Second) })
		for sum, err := range minutes(later)(t.Context()) {
			require.NoError(t, err)
			assert.Equal(t, 3, sum.Value)
			assert.Equal(t, sums[0].Start, sum.Start)
			assert.False(t, sum.Partial)
			assert.Equal(t, start, time.Now(), "at once")
			break
		}
	})
}

// A window that was open when the program was killed ends on time, although no item arrives.
func TestStateOfAWindowThatIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var state State
		minutes := func(src rxsse.Observable[codec.Message[int]]) rxsse.Observable[WindowResult[int]] {
			return sumMessages(src, Tumbling(time.Minute), WithState(&state))
		}
		collect(t, minutes(withIDs(1, 2)))
		data, err := state.Save()
		require.NoError(t, err)
		require.NoError(t, state.Load(data))
		silent := func(ctx context.Context) iter.Seq2[codec.Message[int], error] {
			return func(func(codec.Message[int], error) bool) { <-ctx.Done() }
		}
		sum, err := first(t, minutes(silent))
		require.NoError(t, err)
		assert.Equal(t, 3, sum.Value)
		assert.False(t, sum.Partial)
		assert.WithinDuration(t, sum.End, time.Now(), 0)
	})
}

// A state that does not fit is an error, and no item is taken.
func TestStateThatDoesNotFit(t *testing.T) {
	good := string(savedState(t))
	messages := withIDs(1, 2)
	for name, row := range map[string]struct {
		data string
		run  func(*State) error
		want string
	}{
		"another assigner": {good, func(s *State) error {
			_, err := first(t, sumMessages(messages, ByCount(3), WithState(s)))
			return err
		}, "operators: Aggregate: State: cannot start from it: it was saved by another pipeline"},
		"another operator": {good, func(s *State) error {
			_, err := first(t, Window(messages, ByCount(2), WithState(s)))
			return err
		}, "operators: Window: State: cannot start from it: it was saved by another pipeline"},
		"another accumulator": {good, func(s *State) error {
			_, err := first(t, Aggregate(messages, ByCount(2), func() string { return "" }, func(a string, _ codec.Message[int]) string { return a }, WithState(s)))
			return err
		}, "cannot start from it: it was saved by another pipeline"},
		"contents of another shape": {string(changedShapes(t)), func(s *State) error {
			_, err := first(t, countShapes(messages, s))
			return err
		}, "it does not fit the types of this program"},
		"used twice": {good, func(s *State) error {
			_, err := first(t, sumMessages(messages, ByCount(2), WithState(s)))
			require.NoError(t, err)
			_, err = first(t, sumMessages(messages, ByCount(2), WithState(s)))
			return err
		}, "State: already used by a subscription; call Load before the next one"},
	} {
		t.Run(name, func(t *testing.T) {
			var state State
			require.NoError(t, state.Load([]byte(row.data)))
			require.ErrorContains(t, row.run(&state), row.want)
		})
	}
}

// A changedShape is a type that cannot decode what it has encoded.
type changedShape struct{}

func (changedShape) MarshalJSON() ([]byte, error) { return []byte("4"), nil }
func (*changedShape) UnmarshalJSON([]byte) error  { return errors.New("not a shape") }

func countShapes(src rxsse.Observable[codec.Message[int]], s *State) rxsse.Observable[WindowResult[changedShape]] {
	return Aggregate(src, ByCount(3), func() (c changedShape) { return c }, func(c changedShape, _ codec.Message[int]) changedShape { return c }, WithState(s))
}

func changedShapes(t *testing.T) []byte {
	t.Helper()
	var state State
	collect(t, countShapes(withIDs(1, 2), &state))
	data, err := state.Save()
	require.NoError(t, err)
	return data
}

// While the operator runs, its state contains items of results that the consumer has not
// received.
func TestStateIsNotSavedWhileTheOperatorRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var state State
		next := make(chan codec.Message[int])
		sums := sumMessages(received(next), ByCount(2), WithState(&state))
		save := func() error {
			synctest.Wait()
			_, err := state.Save()
			return err
		}
		go func() {
			defer close(next)
			for i := range 5 {
				next <- codec.Message[int]{ID: strconv.Itoa(i + 1), Value: i}
			}
			synctest.Wait()
		}()
		for _, err := range sums(t.Context()) {
			require.NoError(t, err)
			require.NoError(t, save(), "in the loop body")
		}
		require.NoError(t, save(), "after the end")

		require.NoError(t, state.Load(nil))
		next = make(chan codec.Message[int])
		go func() {
			next <- codec.Message[int]{ID: "1"}
			next <- codec.Message[int]{ID: "2"}
			time.Sleep(time.Second)
			close(next)
		}()
		buffered := Buffer(sumMessages(received(next), ByCount(2), WithState(&state)), 4, OverflowBlock)
		for _, err := range buffered(t.Context()) {
			require.NoError(t, err)
			require.EqualError(t, save(), "operators: State: cannot save while the operator runs; call Save in the loop body, with no operator in between that holds results, such as Buffer")
		}
		require.NoError(t, save())
	})
}

// received delivers the items that a channel gets.
func received[T any](items <-chan T) rxsse.Observable[T] {
	return func(context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			for v := range items {
				if !yield(v, nil) {
					return
				}
			}
		}
	}
}

func TestStateIsSavedAfterABreak(t *testing.T) {
	var state State
	_, err := first(t, sumMessages(withIDs(1, 2, 3), ByCount(2), WithState(&state)))
	require.NoError(t, err)
	_, err = state.Save()
	assert.NoError(t, err)
}

// A restart repeats results of windows that the state of later windows contains.
func TestStateRefusesResultsOfWindows(t *testing.T) {
	const why = " are results of windows, some of which a restart repeats: aggregate the items of these windows instead"
	sums := sumMessages(withIDs(1), ByCount(1))
	assert.PanicsWithValue(t, "operators: Window: State: items of type operators.WindowResult[int]"+why, func() {
		Window(sums, ByCount(1), WithState(new(State)))
	})
	assert.NotPanics(t, func() { Window(sums, ByCount(1)) })
	byKey := Map(sums, func(sum WindowResult[int]) Keyed[int, WindowResult[int]] {
		return Keyed[int, WindowResult[int]]{1, sum}
	})
	assert.PanicsWithValue(t, "operators: Window: State: items of type operators.Keyed[int,github.com/rxsse/rxsse/operators.WindowResult[int]]"+why, func() {
		Window(byKey, ByCount(1), WithState(new(State)))
	})
	keyed := Map(withIDs(1), func(m codec.Message[int]) Keyed[int, codec.Message[int]] { return Keyed[int, codec.Message[int]]{1, m} })
	assert.NotPanics(t, func() { Window(keyed, ByCount(1), WithState(new(State))) })
}

// first returns the first result of a stream, or its error.
func first[T any](t *testing.T, src rxsse.Observable[T]) (v T, err error) {
	t.Helper()
	for v, err = range src(t.Context()) {
		break
	}
	return v, err
}

func TestStateLoadRefuses(t *testing.T) {
	good := string(savedState(t))
	for name, row := range map[string]struct{ data, want string }{
		"cut off":         {good[:len(good)/2], "operators: State: cannot load: it is damaged, or was not written by State.Save"},
		"something else":  {`{"position":"5"}`, "it is damaged, or was not written by State.Save"},
		"another version": {strings.Replace(good, `"Version":3`, `"Version":9`, 1), "it has version 9, this program reads version 3"},
		"a changed digit": {strings.Replace(good, `"Value":4`, `"Value":5`, 1), "it is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			var state State
			require.ErrorContains(t, state.Load([]byte(row.data)), row.want)
			assert.Empty(t, state.LastEventID())
			data, err := state.Save()
			require.NoError(t, err)
			assert.Empty(t, data, "the state is empty")
		})
	}
}

// A type that would lose data panics when the operator is built.
func TestStateRefusesTypes(t *testing.T) {
	type hidden struct {
		N   int
		sum float64
	}
	type skipped struct {
		N   int
		sum float64 `json:"-"`
	}
	type nested struct{ All map[string][]*hidden }
	type tree struct {
		N        int
		Children []tree
	}
	const hiddenSum = `field operators.hidden.sum is not exported, so it would be lost: export it, give the type a MarshalJSON and an UnmarshalJSON method, or tag it json:"-"`
	for _, row := range []struct {
		value any
		want  string
	}{
		{hidden{sum: 1}, hiddenSum},
		{nested{}, hiddenSum},
		{[]any{}, "interface {} is an interface, so its values would come back as other types"},
		{func() {}, "func() has no JSON"},
		{skipped{sum: 1}, ""},
		{tree{}, ""},
		{time.Second, ""},
		{time.Time{}, ""},
	} {
		assert.Equal(t, row.want, unsavable(reflect.TypeOf(row.value), nil), "%T", row.value)
	}
	assert.PanicsWithValue(t, "operators: Aggregate: State: type operators.hidden cannot be saved: "+hiddenSum, func() {
		Aggregate(withIDs(1), ByCount(1), func() hidden { return hidden{} }, func(a hidden, _ codec.Message[int]) hidden { return a }, WithState(new(State)))
	})
	assert.PanicsWithValue(t, "operators: Window: State: items of type int have no position: implement codec.Resumable, or decode into a codec.Message", func() {
		Window(from(1), ByCount(1), WithState(new(State)))
	})
}

// Window holds items whatever its accumulator is, and so do sessions in event time.
func TestStateRefusesTypesOfItems(t *testing.T) {
	type hidden struct{ sum float64 }
	type message = codec.Message[hidden]
	src := from(message{ID: "1", Value: hidden{sum: 1}})
	sessions := EventTime[message]{Assigner: BySession(time.Second), Timestamp: func(message) time.Time { return time.Unix(1, 0) }}
	count := func(n int, _ message) int { return n + 1 }
	zero := func() int { return 0 }
	for name, build := range map[string]func(){
		"Window, by count":    func() { Window(src, ByCount(2), WithState(new(State))) },
		"Window, on a grid":   func() { Window(src, Tumbling(time.Second), WithState(new(State))) },
		"Aggregate, sessions": func() { Aggregate(src, sessions, zero, count, WithState(new(State))) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				assert.Contains(t, recover(), "field operators.hidden.sum is not exported")
			}()
			build()
		})
	}
	assert.NotPanics(t, func() { Aggregate(src, ByCount(2), zero, count, WithState(new(State))) }, "only the count is held")
}

// A state fits only windows with the same bounds, zone, kind and types.
func TestStateFitsOneShapeOfWindows(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	newYork, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	type message = codec.Message[int]
	inEventTime := func(a Assigner) EventTime[message] {
		return EventTime[message]{Assigner: a, Timestamp: func(message) time.Time { return time.Time{} }}
	}
	weight, last := func(message) int { return 1 }, func(message) bool { return true }
	const day = 24 * time.Hour
	shapes := map[string]string{}
	add := func(name, shape string) {
		if other, ok := shapes[shape]; ok {
			t.Errorf("a state of %q fits %q: %s", name, other, shape)
		}
		shapes[shape] = name
	}
	for name, plan := range map[string]windowPlan[message]{
		"a day":                     newWindowPlan[message]("Aggregate", Tumbling(day), nil),
		"a day of Window":           newWindowPlan[message]("Window", Tumbling(day), nil),
		"a day in UTC":              newWindowPlan[message]("Aggregate", Tumbling(day).In(time.UTC), nil),
		"a day in Berlin":           newWindowPlan[message]("Aggregate", Tumbling(day).In(berlin), nil),
		"a day in New York":         newWindowPlan[message]("Aggregate", Tumbling(day).In(newYork), nil),
		"a day from one o'clock on": newWindowPlan[message]("Aggregate", Tumbling(day).Offset(time.Hour), nil),
		"two days":                  newWindowPlan[message]("Aggregate", Tumbling(2*day), nil),
		"two days each day":         newWindowPlan[message]("Aggregate", Sliding(2*day, day), nil),
		"a day in event time":       newWindowPlan[message]("Aggregate", inEventTime(Tumbling(day)), nil),
		"sessions":                  newWindowPlan[message]("Aggregate", BySession(day), nil),
		"longer sessions":           newWindowPlan[message]("Aggregate", BySession(2*day), nil),
		"sessions in event time":    newWindowPlan[message]("Aggregate", inEventTime(BySession(day)), nil),
		"a count":                   newWindowPlan[message]("Aggregate", ByCount(2), nil),
		"another count":             newWindowPlan[message]("Aggregate", ByCount(3), nil),
		"a count within a day":      newWindowPlan[message]("Aggregate", ByCount(2).Within(day), nil),
		"a sliding count":           newWindowPlan[message]("Aggregate", BySlidingCount(2, 1), nil),
		"a weight":                  newWindowPlan[message]("Aggregate", ByWeight(2, weight), nil),
		"a last item":               newWindowPlan[message]("Aggregate", ByLast(last), nil),
		"a last item of two":        newWindowPlan[message]("Aggregate", ByLast(last).AtMost(2), nil),
	} {
		add(name, plan.describe(reflect.TypeFor[string](), reflect.TypeFor[int]()))
		add(name+", other keys", plan.describe(reflect.TypeFor[int](), reflect.TypeFor[int]()))
	}
	count := newWindowPlan[message]("Aggregate", ByCount(2), nil)
	add("a count of text", count.describe(reflect.TypeFor[string](), reflect.TypeFor[string]()))
}

// Stored states describe their pipeline in these words. If the words changed, the states
// could no longer be loaded.
func TestStateNamesItsPipeline(t *testing.T) {
	type message = codec.Message[int]
	weight, last := func(message) int { return 1 }, func(message) bool { return true }
	inEventTime := EventTime[message]{Assigner: BySession(time.Second), Timestamp: func(message) time.Time { return time.Time{} }}
	for want, plan := range map[string]windowPlan[message]{
		"Aggregate of windows of 24h0m0s each 24h0m0s, offset 1s in UTC, keys string, contents int":      newWindowPlan[message]("Aggregate", Sliding(24*time.Hour, 24*time.Hour).In(time.UTC).Offset(time.Second), nil),
		"Aggregate of windows with limit 2, step 0, within 1m0s, keys string, contents int":              newWindowPlan[message]("Aggregate", ByCount(2).Within(time.Minute), nil),
		"Aggregate of windows with limit 2, step 0, within 0s, by weight, keys string, contents int":     newWindowPlan[message]("Aggregate", ByWeight(2, weight), nil),
		"Aggregate of windows with limit 0, step 0, within 0s, by last item, keys string, contents int":  newWindowPlan[message]("Aggregate", ByLast(last), nil),
		"Aggregate of sessions with a gap of 1s in event time, keys string, contents codec.Message[int]": newWindowPlan[message]("Aggregate", inEventTime, nil),
	} {
		assert.Equal(t, want, plan.describe(reflect.TypeFor[string](), reflect.TypeFor[int]()))
	}
}

// Events without IDs cannot be resumed, so there is nothing to save.
func TestStateWithoutIDs(t *testing.T) {
	for n, want := range map[int]string{
		999:  "",
		1000: "operators: State: cannot save: none of the first 1000 items has an ID, so the stream cannot resume",
	} {
		var state State
		collect(t, sumMessages(from(make([]codec.Message[int], n)...), ByCount(100), WithState(&state)))
		if _, err := state.Save(); want == "" {
			require.NoError(t, err)
		} else {
			require.EqualError(t, err, want)
		}
	}
}

// A Message or an Event is restored completely.
func TestStateOfEvents(t *testing.T) {
	events := []codec.Event{{Type: "t", Data: "d", ID: "1", Comment: "c"}, {Type: "message", Data: "e", ID: "2"}, {Type: "message", Data: "f", ID: "3"}}
	var state State
	_, err := first(t, Window(from(events[:2]...), ByCount(1).Within(time.Hour), WithState(&state)))
	require.NoError(t, err)
	run := func(src rxsse.Observable[codec.Event]) []WindowOf[codec.Event] {
		return collect(t, Window(src, ByCount(3), WithState(&state)))
	}
	state = State{}
	assert.True(t, run(from(events[:2]...))[0].Partial)
	data, err := state.Save()
	require.NoError(t, err)
	require.NoError(t, state.Load(data))
	assert.Equal(t, "1", state.LastEventID())
	all := run(from(events[1:]...))
	require.Len(t, all, 1)
	assert.Equal(t, events, all[0].Items)
}
