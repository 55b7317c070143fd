package window

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	streams = flag.Int("reference.streams", 15, "random streams for each kind of windows")
	seed    = flag.Uint64("reference.seed", 1, "seed of the first of them")
)

// An event is an item of the random streams.
type event struct {
	ID     string
	Key    int
	At     Instant // its time, for windows in event time
	Weight int
	Last   bool
	Number int // its place in the stream
}

func (e event) ResumeID() string { return e.ID }

// A delivery is a result: the numbers of the items of a window and key.
type delivery struct {
	Key     int
	Numbers []int
	Info    Info
}

// A step is a batch of events, and how long after the previous one it arrives.
type step struct {
	wait   time.Duration
	events []event
	early  bool // ask for early results afterwards
}

// A kind is a kind of windows, and a simple implementation to compare it with.
type kind struct {
	name       string
	keyed      bool
	event      bool // time is that of the events, and some of them are late
	untimed    bool // no time ends windows
	looks      bool // Next may return earlier than there is something to do
	outOfOrder time.Duration
	windows    func(p *pipeline) Windows
	reference  func() reference
}

// A reference assigns items to windows in the simplest way.
type reference interface {
	add(now Instant, e event)
	advance(now Instant)
	early()
	flush()
	next() Instant // when advance has something to do
	book() *ledger
}

// A ledger holds the results of a reference.
type ledger struct {
	taken []string // the IDs of the items, in their order
	out   []delivery
	late  []int
	nexts []Instant // after each step
}

func (l *ledger) book() *ledger { return l }

func (l *ledger) take(e event) { l.taken = append(l.taken, e.ID) }

// resume returns the ID before the items that are held, given the place of the first
// item of each window. If there are none, it is the newest ID.
func (l *ledger) resume(held []int) string {
	if len(held) == 0 {
		return l.taken[len(l.taken)-1]
	}
	first := slices.Min(held)
	for _, id := range slices.Backward(l.taken[:first]) {
		if id != "" && id != l.taken[first] {
			return id
		}
	}
	return ""
}

// A refCell has the items of one key in a window.
type refCell struct {
	key         int
	numbers     []int
	unsent, due bool
}

func (c *refCell) add(e event) {
	c.numbers = append(c.numbers, e.Number)
	c.unsent, c.due = true, true
}

func (c *refCell) send(l *ledger, info Info) {
	c.unsent, c.due = false, c.due && info.Early
	l.out = append(l.out, delivery{c.key, slices.Clone(c.numbers), info})
}

// A pipeline runs windows over a stream of events.
type pipeline struct {
	kind         *kind
	assigner     Windows // of the kind
	windows      Windows // receives the steps
	batch        Batch[event]
	positions    *Positions
	clock        Clock
	checkpointed *Checkpointed // nil: there is no state

	out    []delivery
	late   []int
	nexts  []Instant // after each step
	stopAt int       // the number of results after which the consumer leaves
	state  []byte    // saved there
	err    error     // of saving
}

// newPipeline returns a pipeline without a state.
func newPipeline(k *kind, stopAt int) *pipeline {
	p := &pipeline{kind: k, clock: StartClock(), stopAt: stopAt}
	p.positions = NewPositions(&p.batch)
	p.assigner = k.windows(p)
	p.windows = p.assigner
	if k.event {
		p.windows = NewWatermark(EventTime{
			Time:       func(i int) (Instant, bool) { return p.batch.Items[i].At, true },
			OutOfOrder: k.outOfOrder,
		}, p.clock, p.positions, p.windows)
	}
	return p
}

// newCheckpointed returns a pipeline that saves its state when the consumer leaves.
func newCheckpointed(k *kind, stopAt int) *pipeline {
	p := newPipeline(k, stopAt)
	p.checkpointed = NewCheckpointed(p.windows, p.positions, k.name)
	p.windows = p.checkpointed
	return p
}

func (p *pipeline) isLate(i int) { p.late = append(p.late, p.batch.Items[i].Number) }

func (p *pipeline) config() *Config[event, int, []int] {
	c := &Config[event, int, []int]{
		Batch: &p.batch,
		Accumulator: Accumulator[event, []int]{
			New:  func() []int { return nil },
			Add:  func(all []int, e event) []int { return append(all, e.Number) },
			Join: func(all, later []int) []int { return append(all, later...) },
		},
		Send: func(k int, numbers []int, info Info) bool {
			p.out = append(p.out, delivery{k, slices.Clone(numbers), info})
			if len(p.out) < p.stopAt || p.stopAt == 0 {
				return true
			}
			if p.checkpointed != nil {
				p.state, p.err = p.checkpointed.SaveState()
			}
			return false
		},
	}
	if p.kind.keyed {
		c.Key = func(e event) int { return e.Key }
	}
	return c
}

func (p *pipeline) cells() Cells { return NewTable(p.config()) }

// run takes the steps until the consumer leaves. It returns how many it took, and whether
// the consumer has stayed.
func (p *pipeline) run(steps []step) (taken int, more bool) {
	for i, s := range steps {
		time.Sleep(s.wait)
		now := p.clock.Now()
		if p.kind.untimed {
			now = 0
		}
		if !p.windows.Advance(now) {
			return i, false
		}
		p.batch.Items = slices.Clone(s.events)
		if !p.windows.Add(now, 0, len(s.events)) {
			return i, false
		}
		p.positions.Settle()
		clear(p.batch.Items) // the caller reuses it
		if s.early && !p.windows.Early() {
			return i, false
		}
		p.nexts = append(p.nexts, p.assigner.Next())
	}
	return len(steps), p.windows.Flush()
}

// runReference returns the results of k's reference for the steps.
func runReference(k *kind, steps []step) *ledger {
	r := k.reference()
	now, _ := InstantOf(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) // when time begins in a bubble
	watermark := LongAgo
	for _, s := range steps {
		now = now.Plus(s.wait)
		if !k.event {
			r.advance(now)
		}
		for _, e := range s.events {
			if !k.keyed {
				e.Key = 0
			}
			if !k.event {
				r.add(now, e)
				continue
			}
			r.add(e.At, e)
			watermark = max(watermark, e.At.Minus(k.outOfOrder))
			r.advance(watermark)
		}
		if s.early {
			r.early()
		}
		r.book().nexts = append(r.book().nexts, r.next())
	}
	r.flush()
	return r.book()
}

// IDs of a random stream.
const (
	ownIDs       = iota // each event has one
	sharedIDs           // one event became several items with its ID
	inheritedIDs        // items after one with an ID have inherited it
)

// randomSteps returns a random stream.
func randomSteps(random *rand.Rand, ids int, early bool) (steps []step) {
	at, id, number, run := Instant(-60), 0, 0, 0
	for number < 60 {
		s := step{wait: time.Duration(random.IntN(8)), early: early && random.IntN(4) == 0}
		if random.IntN(10) == 0 {
			s.wait += 40
		}
		for range 1 + random.IntN(4) {
			at += Instant(random.IntN(5))
			e := event{Key: random.IntN(3), At: at - Instant(random.IntN(9)), Weight: random.IntN(4), Last: random.IntN(5) == 0, Number: number}
			if random.IntN(8) == 0 {
				e.At -= Instant(random.IntN(60))
			}
			if run == 0 || ids == ownIDs {
				id++
				run = 1 + random.IntN(3)
				if id == 1 { // without an ID before it, a stream cannot resume amid these
					run = 1
				}
			}
			run--
			e.ID = strconv.Itoa(id)
			if ids != ownIDs && id > 1 && run == 0 && random.IntN(3) == 0 { // it belongs to the next ID
				e.ID = ""
			}
			s.events = append(s.events, e)
			number++
		}
		steps = append(steps, s)
	}
	return steps
}

// byWindow sorts early results that are delivered together: their order is not promised.
func byWindow(out []delivery) []delivery {
	for i := 0; i < len(out); i++ {
		from := i
		for i < len(out) && out[i].Info.Early {
			i++
		}
		slices.SortStableFunc(out[from:i], func(a, b delivery) int {
			return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Info.Start, b.Info.Start), slices.Compare(a.Numbers, b.Numbers))
		})
	}
	return out
}

// All kinds of windows deliver the same as a simple implementation.
func TestWindowsAreThoseOfTheReference(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			results := 0
			for i := range uint64(*streams) {
				ids := int(i % 3)
				steps := randomSteps(rand.New(rand.NewPCG(*seed+i, 1)), ids, i%2 == 0)
				want := runReference(&k, steps)
				results += len(want.out)
				synctest.Test(t, func(t *testing.T) {
					start := newPipeline
					if i%5 > 2 {
						start = newCheckpointed
					}
					p := start(&k, 0)
					_, more := p.run(steps)
					require.True(t, more)
					if ids != ownIDs {
						checkResumeIDs(t, want.out, p.out)
					}
					require.Equal(t, byWindow(want.out), byWindow(p.out), "seed %d", *seed+i)
					require.Equal(t, want.late, p.late, "seed %d: late items", *seed+i)
					checkNext(t, &k, want.nexts, p.nexts)
				})
			}
			assert.Greater(t, results, 5**streams, "the streams are too short to compare much")
		})
	}
}

// checkNext requires that Next returned when there was something to do.
func checkNext(t *testing.T, k *kind, want, got []Instant) {
	t.Helper()
	if !k.looks {
		require.Equal(t, want, got)
		return
	}
	require.Len(t, got, len(want))
	for i := range want {
		require.LessOrEqual(t, got[i], want[i], "too late after step %d", i)
		require.Equal(t, want[i] == Never, got[i] == Never, "after step %d", i)
	}
}

// checkResumeIDs requires that no result can resume later than that of the reference, and
// removes the IDs: where items share them, results may resume earlier than they need to.
func checkResumeIDs(t *testing.T, want, got []delivery) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		require.LessOrEqual(t, idNumber(t, got[i].Info.ResumeID), idNumber(t, want[i].Info.ResumeID), "result %d resumes too late", i)
		got[i].Info.ResumeID, want[i].Info.ResumeID = "", ""
	}
}

// A consumer that has left gets nothing more.
func TestConsumerLeavesAtEachResult(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			steps := randomSteps(rand.New(rand.NewPCG(*seed, 3)), ownIDs, true)
			for stopAt := range len(runReference(&k, steps).out) {
				synctest.Test(t, func(t *testing.T) {
					p := newPipeline(&k, stopAt+1)
					_, more := p.run(steps)
					assert.False(t, more)
					require.Len(t, p.out, stopAt+1)
				})
			}
		})
	}
}

// resumeAt returns the events that a server repeats after an ID.
func resumeAt(events []event, after string, ids int) []event {
	if after == "" {
		return events
	}
	last := -1
	for i, e := range events {
		if e.ID == after {
			last = i
			if ids == inheritedIDs {
				break // later ones have inherited the ID
			}
		}
	}
	return events[last+1:]
}

func clearResumeIDs(out []delivery) {
	for i := range out {
		out[i].Info.ResumeID = ""
	}
}

// idNumber returns the place of an ID among those of the stream.
func idNumber(t *testing.T, id string) int {
	t.Helper()
	if id == "" {
		return 0
	}
	n, err := strconv.Atoi(id)
	require.NoError(t, err)
	return n
}

// A pipeline that is killed after every few results, and continues from its state, delivers
// each result once.
func TestStateGoesOnAfterEachResult(t *testing.T) {
	for _, k := range kinds() {
		for ids, name := range []string{"own IDs", "shared IDs", "inherited IDs"} {
			t.Run(k.name+", "+name, func(t *testing.T) {
				for i := range uint64(max(1, *streams/5)) {
					random := rand.New(rand.NewPCG(*seed+i, 2))
					steps := randomSteps(random, ids, false)
					want := runReference(&k, steps).out
					checkCrashes(t, &k, ids, steps, want, 1+random.IntN(3), fmt.Sprintf("seed %d", *seed+i))
				}
			})
		}
	}
}

// checkCrashes runs the steps, with a kill after every few results, and checks the results.
func checkCrashes(t *testing.T, k *kind, ids int, steps []step, want []delivery, few int, where string) {
	t.Helper()
	var (
		state []byte
		down  time.Duration // from the beginning until the pipeline starts again
		from  int           // steps that have begun
		done  int           // results

		committed string // the position of the newest result
	)
	for finished := false; !finished; {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			time.Sleep(down)
			p := newCheckpointed(k, few)
			if state != nil {
				require.NoError(t, p.checkpointed.LoadState(state), where)
			}
			after, err := LastEventID(state)
			require.NoError(t, err, where)
			var again step
			for _, s := range steps[:from] {
				again.events = append(again.events, s.events...)
			}
			again.events = resumeAt(again.events, after, ids)
			taken, more := p.run(append([]step{again}, steps[from:]...))
			from += taken
			require.Equal(t, len(p.out) < few, more, where)
			down = time.Since(start)
			require.LessOrEqual(t, done+len(p.out), len(want), "%s: too many results", where)
			expected := append([]delivery(nil), want[done:done+len(p.out)]...)
			if ids == ownIDs {
				for _, got := range p.out {
					require.LessOrEqual(t, idNumber(t, committed), idNumber(t, got.Info.ResumeID), "%s: the position went back", where)
					committed = got.Info.ResumeID
				}
				checkResumeIDs(t, expected, p.out)
			} else {
				clearResumeIDs(expected)
				clearResumeIDs(p.out)
			}
			require.Equal(t, expected, p.out, "%s: results from %d on", where, done)
			done += len(p.out)
			if from > len(steps) { // the end of the stream
				finished = true
				if len(p.out) < few {
					require.Len(t, want, done, "%s: results are missing at the end", where)
				}
				return
			}
			require.NoError(t, p.err, where)
			state = p.state
		})
	}
}
