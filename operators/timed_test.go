package operators

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"

	"github.com/rxsse/rxsse"
)

func TestAudit(t *testing.T) {
	checkDiagrams(t, func(src letters) letters { return Audit(src, 3*marble.Frame) }, []diagram{
		{"the newest at the end of each run", "-ab-c------d----e|", "----b--c------d--(e|)"},
		{"items that keep coming are let through", "abcdefgh----|", "---c--f--h--|"},
		{"completion delivers the pending item at once", "ab|", "--(b|)"},
		{"an error drops the pending item", "ab#", "--#"},
		{"an error that comes when the item is due comes after it", "a--#", "---(a#)"},
		{"an item that arrives when the other is due restarts the wait", "a--b---|", "---a--b|"},
		{"nothing comes of nothing", "-----|", "-----|"},
	})
}

func TestSample(t *testing.T) {
	checkDiagrams(t, func(src letters) letters { return Sample(src, 3*marble.Frame) }, []diagram{
		{"the newest at each look", "-ab-----c----d|", "---b-----c----(d|)"},
		{"no item, no delivery", "a------------|", "---a---------|"},
		{"an item at the instant of a look is left for the next", "---a----|", "------a-|"},
		{"completion delivers the pending item at once", "a|", "-(a|)"},
		{"an error drops the pending item", "ab#", "--#"},
	})
}

func TestThrottle(t *testing.T) {
	checkDiagrams(t, func(src letters) letters { return Throttle(src, 3*marble.Frame) }, []diagram{
		{"the first of each run", "-ab-c------de---|", "-a--c------d----|"},
		{"an item exactly d later is delivered", "a--b--c|", "a--b--c|"},
		{"several at once", "(abc)-d|", "a--|"},
		{"an error", "ab#", "a-#"},
	})
}

func TestDelay(t *testing.T) {
	checkDiagrams(t, func(src letters) letters { return Delay(src, 3*marble.Frame) }, []diagram{
		{"everything later", "-a-b----c|", "----a-b----c|"},
		{"several at once", "(abc)|", "---(abc)|"},
		{"errors overtake nothing", "ab#", "---ab#"},
		{"completion alone", "-|", "----|"},
		{"an error alone", "#", "---#"},
	})
}

// The number of held items is bounded: src waits, and then the items are due together.
func TestDelayHoldsNoMoreThanItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		produced := 0
		endless := func(context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for yield(produced, nil) {
					produced++
				}
			}
		}
		start := time.Now()
		for v, err := range Delay(endless, time.Minute)(t.Context()) {
			require.NoError(t, err)
			require.Zero(t, v)
			break
		}
		assert.Equal(t, time.Minute, time.Since(start))
		assert.Less(t, produced, 65_536+4*256)
		assert.GreaterOrEqual(t, produced, 65_536)
	})
}

func TestTimeout(t *testing.T) {
	checkDiagrams(t, func(src letters) letters { return Timeout(src, 4*marble.Frame) }, []diagram{
		{"silence between items", "-a--b--------c|", "-a--b---#"},
		{"silence from the beginning", "------a|", "----#"},
		{"items in time", "a--b--c|", "a--b--c|"},
		{"an item at the instant comes too late", "a---b|", "a---#"},
		{"completion in time", "a--|", "a--|"},
		{"its own error", "a-#", "a-#"},
	})
}

func TestTimeoutNamesTheOperatorAndTheDuration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, err := range Timeout(marble.Cold(""), 5*time.Second)(t.Context()) {
			var timeout *TimeoutError
			require.True(t, errors.As(err, &timeout))
			assert.Equal(t, 5*time.Second, timeout.After)
			assert.EqualError(t, err, "operators: Timeout: no item for 5s")
		}
	})
}

// A slow consumer does not count as silence of the source.
func TestTimeoutDoesNotCountTheConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		for v, err := range Timeout(marble.Cold("a-b-c|"), 3*marble.Frame)(t.Context()) {
			require.NoError(t, err)
			time.Sleep(time.Hour)
			got = append(got, v)
		}
		assert.Equal(t, []string{"a", "b", "c"}, got)
	})
}

func TestTiesOfTimedOperators(t *testing.T) {
	for name, c := range map[string]struct {
		op        func(letters) letters
		src, want string
	}{
		"Audit":   {func(src letters) letters { return Audit(src, 3*marble.Frame) }, "a--b--c--|", "---a--b--(c|)"},
		"Sample":  {func(src letters) letters { return Sample(src, 3*marble.Frame) }, "a--b--c--|", "---a--b--(c|)"},
		"Timeout": {func(src letters) letters { return Timeout(src, 3*marble.Frame) }, "a-b--c", "a-b--#"},
		"Delay":   {func(src letters) letters { return Delay(src, 3*marble.Frame) }, "a--b--c--|", "---a--b--c--|"},
	} {
		t.Run(name, func(t *testing.T) {
			for range ties {
				synctest.Test(t, func(t *testing.T) {
					require.Equal(t, c.want, marble.Record(t.Context(), c.op(marble.Cold(c.src))))
				})
			}
		})
	}
}

func TestTimestamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		for v, err := range Timestamp(marble.Cold("---a|"))(t.Context()) {
			require.NoError(t, err)
			assert.Equal(t, Timestamped[string]{start.Add(3 * marble.Frame), "a"}, v)
		}
	})
}

func TestTimeInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		intervals := TimeInterval(marble.Cold("---a--b-----c|"))
		for range 2 { // each subscription counts from its own beginning
			assert.Equal(t, []Timed[string]{{3 * marble.Frame, "a"}, {3 * marble.Frame, "b"}, {6 * marble.Frame, "c"}}, collect(t, intervals))
		}
	})
}

func TestContractOfTimedOperators(t *testing.T) {
	items := []int{1, 2, 3, 4}
	type ints = rxsse.Observable[int]
	for name, apply := range map[string]func(ints) ints{
		"Audit":    func(src ints) ints { return Audit(src, 3*time.Millisecond) },
		"Sample":   func(src ints) ints { return Sample(src, 3*time.Millisecond) },
		"Throttle": func(src ints) ints { return Throttle(src, 3*time.Millisecond) },
		"Delay":    func(src ints) ints { return Delay(src, 3*time.Millisecond) },
		"Timeout":  func(src ints) ints { return Timeout(src, 2*time.Hour) },
		"TimeInterval": func(src ints) ints {
			return Map(TimeInterval(src), func(v Timed[int]) int { return v.Value })
		},
		"Timestamp": func(src ints) ints {
			return Map(Timestamp(src), func(v Timestamped[int]) int { return v.Value })
		},
	} {
		t.Run(name, rxssetest.Operator[int, int]{Apply: apply, Items: items}.Check)
	}
}
