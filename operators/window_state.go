package operators

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/rxsse/rxsse/internal/window"
)

// A State lets a program that may be killed at any moment deliver the same results as one
// that is never killed. It contains what a windowing operator holds: the accumulators of
// open windows, the watermark, and the position in the stream. The program stores it
// together with the results, in one transaction, and loads it when it restarts:
//
//	var state operators.State
//	if err := state.Load(stored); err != nil { // nil at the first start
//		return err
//	}
//	events := source.SSE(url, source.WithLastEventID(state.LastEventID()))
//	trades := operators.DecodeJSON[codec.Message[Trade]](events)
//	minutes := operators.AggregateBy(trades, symbol, spec, init, add, operators.WithState(&state))
//	err := sink.TransactState(ctx, minutes, &state, time.Second, store)
//
// # Guarantee
//
// In event time without Idle, and by count, weight or last item without Within, the results
// of all runs together are those of one uninterrupted run, in the same order, each exactly
// once. That includes late items and windows that are delivered again. It requires a server
// that keeps its events since LastEventID, and a pipeline that always makes the same items
// from the same events. Start and End of windows by count, weight or last item are clock
// times, so they can differ.
//
// With windows that the clock ends, and with Idle, each item still counts once in each of
// its windows, but which windows those are depends on when the program ran: an item that
// arrives after the restart counts in the window that is open then. Windows that ended
// while the program was down are delivered at the start.
//
// The guarantee does not cover Early and Partial results: early ones may be repeated or
// missing, and the items of partial ones remain in the state. Handlers such as
// EventTime.Late are called again for items that the server sends again.
//
// # Limits
//
// Items must have a position, see [codec.Resumable]. Keys and accumulators are saved as
// JSON, and so are the items of Window and of sessions in event time. The operator panics
// when it is built if a type would lose data, for example if it has unexported fields and
// no MarshalJSON method. Load rejects a state that is damaged or of another version; a
// state of another pipeline or of other types ends the stream with an error before any
// item.
//
// Between the operator and the loop that saves, use only operators that pass each result on
// at once, such as Map and Filter. After Buffer, Parallel, Timeout and others that hold
// results, or turn one into several, the state would be ahead of the results, and some
// would be lost. An operator with a State panics when it is built if its items are
// themselves results of windows, because a restart repeats some of them.
//
// Saving costs about a microsecond for each accumulator; with many of them, save at
// intervals rather than after each result. A State serves one subscription at a time and is
// not safe for concurrent use. The zero State is empty and ready to use.
type State struct {
	loaded      []byte
	lastEventID string
	saved       func() ([]byte, error) // nil: no subscription has begun
	running     atomic.Bool            // the operator is running, not delivering a result
}

// Load makes data, which Save returned, the state that the next subscription begins with.
// Empty data means an empty state. Call Load before every subscription except the first.
//
// If data is damaged or of another version, Load returns an error and leaves the state
// empty. To continue anyway, load nil and choose your own start position.
func (s *State) Load(data []byte) error {
	*s = State{}
	if len(data) == 0 {
		return nil
	}
	id, err := window.LastEventID(data)
	if err != nil {
		return fmt.Errorf("operators: State: cannot load: %w", err)
	}
	s.loaded, s.lastEventID = data, id
	return nil
}

// LastEventID returns the ID after which the stream must resume, for
// source.WithLastEventID, or "" for the beginning. It is the ID before the newest one in
// the state, so the server sends some items again, which the operator skips.
func (s *State) LastEventID() string { return s.lastEventID }

// Save returns the state as of the newest result: a program that begins with it delivers
// the results after that one. Call Save on the consumer's goroutine, in the loop body or
// after the stream has ended. Before a subscription it returns what was loaded.
//
// Save returns an error if a key, an accumulator or an item cannot be encoded, if none of
// the first 1,000 items has an ID, or if it detects that the operator is running
// concurrently.
//
// Store the bytes unchanged, because they contain a checksum; a jsonb column would change
// them.
func (s *State) Save() ([]byte, error) {
	if s.saved == nil {
		return s.loaded, nil
	}
	if s.running.Load() {
		return nil, errStateRunning
	}
	data, err := s.saved()
	if err != nil {
		return nil, fmt.Errorf("operators: State: cannot save: %w", err)
	}
	return data, nil
}

// WithState makes the operator begin with the state that was loaded into state, and makes
// [State.Save] return what the operator holds. The operator panics if its items have no
// positions or if a type cannot be saved.
func WithState(state *State) WindowOption {
	mustNotBeNil("WithState: state", state == nil)
	return func(o *windowOptions) { o.state = state }
}

var (
	// errStateInUse is the error of a second subscription.
	errStateInUse   = errors.New("State: already used by a subscription; call Load before the next one")
	errStateRunning = errors.New("operators: State: cannot save while the operator runs; call Save in the loop body, with no operator in between that holds results, such as Buffer")
)

// begin prepares a subscription whose windows are c.
func (s *State) begin(c *window.Checkpointed) error {
	if s.saved != nil {
		return errStateInUse
	}
	s.saved = c.SaveState
	if s.loaded == nil {
		return nil
	}
	if err := c.LoadState(s.loaded); err != nil {
		return fmt.Errorf("State: cannot start from it: %w; load nil to start without it", err)
	}
	return nil
}

// runs records whether the operator is running or delivering a result. On a nil State it
// does nothing.
func (s *State) runs(yes bool) {
	if s != nil {
		s.running.Store(yes)
	}
}

// describe returns everything that a State of this plan depends on. It panics if a type
// cannot be saved.
func (p *windowPlan[T]) describe(key, accumulator reflect.Type) string {
	if window.PositionOf[T]() == nil {
		panic(fmt.Sprintf("operators: %s: State: items of type %v have no position: implement codec.Resumable, or decode into a codec.Message", p.operator, reflect.TypeFor[T]()))
	}
	if isWindow(new(T)) {
		panic(fmt.Sprintf("operators: %s: State: items of type %v are results of windows, some of which a restart repeats: aggregate the items of these windows instead", p.operator, reflect.TypeFor[T]()))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s of", p.operator)
	switch {
	case p.onGrid():
		fmt.Fprintf(&b, " windows of %v each %v, offset %v", p.grid.Size, p.grid.Slide, p.grid.Offset)
		if p.grid.Location != nil {
			fmt.Fprintf(&b, " in %v", p.grid.Location)
		}
	case p.bounds.Gap != 0:
		fmt.Fprintf(&b, " sessions with a gap of %v", p.bounds.Gap)
	default:
		fmt.Fprintf(&b, " windows with limit %d, step %d, within %v", p.bounds.Limit, p.bounds.Step, p.bounds.Within)
		if p.weight != nil {
			b.WriteString(", by weight")
		}
		if p.last != nil {
			b.WriteString(", by last item")
		}
	}
	if p.event != nil {
		b.WriteString(" in event time")
	}
	types := []reflect.Type{key, accumulator}
	if p.operator == "Window" || p.holdsItems() { // these hold the items
		types[1] = reflect.TypeFor[T]()
	}
	for _, t := range types {
		if why := unsavable(t, nil); why != "" {
			panic(fmt.Sprintf("operators: %s: State: type %v cannot be saved: %s", p.operator, t, why))
		}
	}
	fmt.Fprintf(&b, ", keys %v, contents %v", types[0], types[1])
	return b.String()
}

// isWindow reports whether the value that v points to is the result of a window.
func isWindow(v any) bool {
	w, ok := v.(interface{ isWindow() bool })
	return ok && w.isWindow()
}

// unsavable returns why values of t would lose data when saved as JSON, or "". The types in
// seen contain t.
func unsavable(t reflect.Type, seen []reflect.Type) string {
	for _, encodes := range []reflect.Type{
		reflect.TypeFor[interface{ MarshalJSON() ([]byte, error) }](),
		reflect.TypeFor[encoding.TextMarshaler](),
		reflect.TypeFor[encoding.TextAppender](),
	} {
		if t.Implements(encodes) || reflect.PointerTo(t).Implements(encodes) {
			return ""
		}
	}
	if slices.Contains(seen, t) {
		return ""
	}
	seen = append(seen, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return unsavable(t.Elem(), seen)
	case reflect.Map:
		if why := unsavable(t.Key(), seen); why != "" {
			return why
		}
		return unsavable(t.Elem(), seen)
	case reflect.Struct:
		return unsavableField(t, seen)
	case reflect.Interface:
		return fmt.Sprintf("%v is an interface, so its values would come back as other types", t)
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return fmt.Sprintf("%v has no JSON", t)
	default:
		return ""
	}
}

func unsavableField(t reflect.Type, seen []reflect.Type) string {
	for f := range t.Fields() {
		switch tag := f.Tag.Get("json"); {
		case tag == "-":
		case !f.IsExported() && !f.Anonymous:
			return fmt.Sprintf("field %v.%s is not exported, so it would be lost: export it, give the type a MarshalJSON and an UnmarshalJSON method, or tag it json:\"-\"", t, f.Name)
		default:
			if why := unsavable(f.Type, seen); why != "" {
				return why
			}
		}
	}
	return ""
}
