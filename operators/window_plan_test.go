package operators

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse/marble"
)

// drawEarly draws results; early ones in lower case, final ones in upper case.
func drawEarly(w WindowOf[string]) string {
	v := strings.Join(w.Items, "")
	if !w.Early {
		v = strings.ToUpper(v)
	}
	return v
}

func TestWindowEarly(t *testing.T) {
	const f = marble.Frame
	at := func(v string) time.Time { return time.Unix(int64(v[0]-'a'), 0) }
	event := EventTime[string]{Assigner: Tumbling(3 * time.Second), Timestamp: at}
	for _, row := range []struct {
		name, src, want string
		build           func(letters) letters
	}{
		{"every d after a change", "-a---b------c|", "---a---[ab]--[AB]--(C|)", func(s letters) letters {
			return Map(Window(s, Tumbling(10*f), WithEarlyEvery(2*f)), drawEarly)
		}},
		{"after n items", "abcde|", "-[ab]-[abcd]-([ABCDE]|)", func(s letters) letters {
			return Map(Window(s, ByCount(9), WithEarlyAfter(2)), drawEarly)
		}},
		{"after n items at once", "(abcde)|", "([ab][abcd])([ABCDE]|)", func(s letters) letters {
			return Map(Window(s, ByCount(9).Within(100*f), WithEarlyAfter(2)), drawEarly)
		}},
		{"in event time", "abcd|", "a[ab][abc]([ABC]d)(D|)", func(s letters) letters {
			return Map(Window(s, event, WithEarlyAfter(1)), drawEarly)
		}},
		{"sessions", "a-b----|", "-a-[ab]-[AB]-|", func(s letters) letters {
			return Map(Window(s, BySession(3*f), WithEarlyEvery(f)), drawEarly)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := marble.Record(t.Context(), row.build(marble.Cold(row.src)))
				assert.Equal(t, row.want, got)
			})
		})
	}
}

// A keyed aggregation delivers early only the keys that have changed.
func TestAggregateByEarly(t *testing.T) {
	src := from("a1", "b1", "a2", "a3")
	var got []string
	for _, r := range collect(t, AggregateBy(src, byLetter, EventTime[string]{
		Assigner: Tumbling(time.Hour), Timestamp: func(string) time.Time { return time.Unix(0, 0) },
	}, nothing, join, WithEarlyAfter(2))) {
		got = append(got, fmt.Sprintf("%s%s %v %v", r.Key, r.Value.Value, r.Value.Early, r.Value.Partial))
	}
	assert.Equal(t, []string{"a=a1 true false", "b=b1 true false", "a=a1a2a3 true false", "a=a1a2a3 false true", "b=b1 false true"}, got)
}

func TestEarlyRefuses(t *testing.T) {
	assert.PanicsWithValue(t, "operators: WithEarlyEvery: d must be positive, got 0s", func() { WithEarlyEvery(0) })
	assert.PanicsWithValue(t, "operators: WithEarlyAfter: n must be positive, got -1", func() { WithEarlyAfter(-1) })
}
