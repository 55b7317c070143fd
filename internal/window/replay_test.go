package window

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A stream resumes before the items with the newest ID, and skips those that were taken.
func TestReplay(t *testing.T) {
	for _, row := range []struct {
		name    string
		taken   []string
		resume  string
		again   []string // what the stream then delivers
		skipped int      // how many of those
	}{
		{"nothing taken", nil, "", []string{"1", "2"}, 0},
		{"a single item", []string{"1"}, "1", []string{"2", "3"}, 0},
		{"two items", []string{"1", "2"}, "1", []string{"2", "3"}, 1},
		{"an item without an ID", []string{""}, "", []string{"", "1"}, 1},
		{"a single item, then one without an ID", []string{"1", ""}, "", []string{"1", "", "2"}, 2},
		{"one without an ID, then a single item", []string{"", "1"}, "", []string{"", "1", "2"}, 2},
		{"two items with the first ID", []string{"1", "1"}, "", []string{"1", "1", "1"}, 2},
		{"items that share the newest ID", []string{"1", "2", "2"}, "1", []string{"2", "2", "2", "3"}, 2},
		{"items without an ID before the newest", []string{"1", "", "", "2"}, "1", []string{"", "", "2", "3"}, 3},
		{"items without an ID amid the newest", []string{"1", "2", "", "2"}, "1", []string{"2", "", "2", "", "3"}, 3},
		{"items without an ID after the newest", []string{"1", "2", "", ""}, "1", []string{"2", "", "", "", "3"}, 3},
		{"items that inherit the ID to resume after", []string{"1", "1", "2"}, "1", []string{"1", "2", "3"}, 2},
		{"several that inherit it", []string{"1", "1", "1", "2"}, "1", []string{"1", "1", "2", "3"}, 3},
		{"a stream that misses the newest ID", []string{"1", "2"}, "1", []string{"3", "4"}, 0},
		{"a stream that misses it after items without an ID", []string{"1", "", "2"}, "1", []string{"", "3"}, 1},
		{"the ID before in the wrong place", []string{"1", "2", "2"}, "1", []string{"2", "1", "2"}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			var r replay
			for _, id := range row.taken {
				r.took(id)
			}
			assert.Equal(t, row.resume, r.lastEventID())
			r.begin()
			skipped := 0
			for r.skip > 0 && r.repeats(row.again[skipped]) {
				skipped++
			}
			assert.Equal(t, row.skipped, skipped)
			assert.Zero(t, r.skip)
		})
	}
}

// A stream that resumes elsewhere is logged.
func TestReplayOfAnotherStream(t *testing.T) {
	var log strings.Builder
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	var r replay
	r.took("1")
	r.took("2")
	r.begin()
	assert.False(t, r.repeats("5"))
	assert.Contains(t, log.String(), "the stream did not resume after the last event ID of the state")
	assert.Contains(t, log.String(), "lastEventID=1 expected=2 got=5")
}
