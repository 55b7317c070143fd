package parser

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"

	"github.com/rxsse/rxsse/benchmarks/measure"
)

func TestContendersAgreeOnWhatIsMade(t *testing.T) {
	for _, corpus := range made() {
		want, err := corpus.eventsOf(owned())
		require.NoError(t, err)
		require.NotEmpty(t, want)
		for _, one := range contenders() {
			if one.events == nil {
				continue
			}
			t.Run(corpus.name+"/"+one.name, func(t *testing.T) {
				assert.Equal(t, "the same", corpus.verdict(one, want))
				events, err := one.read(corpus.streams[0])
				require.NoError(t, err)
				assert.Len(t, want[0], events, "read and events must do the same work")
			})
		}
	}
}

func TestDifference(t *testing.T) {
	want := []codec.Event{{Type: "message", ID: "1", Data: "a"}, {Type: "message", ID: "2", Data: "b"}}
	for _, row := range []struct {
		name, want string
		got        []codec.Event
	}{
		{"none", "the same", want},
		{"number", "wrong: 1 events instead of 2", want[:1]},
		{"type", `wrong in 1 of 2: event 2 has type "x" instead of "message"`, []codec.Event{want[0], {Type: "x", ID: "2", Data: "b"}}},
		{"id", `wrong in 1 of 2: event 2 has last event ID "" instead of "2"`, []codec.Event{want[0], {Type: "message", Data: "b"}}},
		{"data", `wrong in 2 of 2: event 1 has data "" instead of "a"`, []codec.Event{{Type: "message", ID: "1"}, {}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.want, difference(want, row.got))
		})
	}
}

func TestSection(t *testing.T) {
	s, err := Section(measure.Quick)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(s.Tables), len(made()))
	for _, table := range s.Tables[:len(made())] {
		assert.Len(t, table.Rows, len(contenders()), table.Title)
	}
}

func TestOursConform(t *testing.T) {
	table, err := conformance()
	require.NoError(t, err)
	if len(table.Rows) == 0 {
		t.Skip("RXSSE_CORPUS names no folder of test data")
	}
	for _, row := range table.Rows[:2] {
		assert.Empty(t, row[3], row[0])
	}
}

func TestJudge(t *testing.T) {
	right := vector{ID: "right", Input: []byte("data: a\n\n")}
	right.Events = append(right.Events, struct {
		Type        string `json:"type"`
		Data        string `json:"data"`
		LastEventID string `json:"lastEventId"`
	}{Type: "message", Data: "a"})
	wrong := vector{ID: "wrong", Input: []byte("data: a\n\n")}
	n, first := owned().judge([]vector{right, wrong})
	assert.Equal(t, 1, n)
	assert.Equal(t, "wrong: wrong: 1 events instead of 0", first)
}
