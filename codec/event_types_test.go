package codec_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

func TestWithEventTypes(t *testing.T) {
	const stream = ":c\n\nevent: a\ndata: 1\nid: 1\n\nevent: b\ndata: 2\nid: 2\nretry: 7\n\ndata: 3\n\nretry: 5\n\nevent: message\ndata: 4\n\nevent: ab\ndata: 5\nid: 5\n\n"
	tests := []struct {
		name  string
		types []string
		want  string
	}{
		{"none", nil, ":c 1 2 3 retry 4 5"},
		{"one", []string{"b"}, ":c 2 retry"},
		{"two", []string{"b", "a"}, ":c 1 2 retry"},
		{"the default", []string{"message"}, ":c 3 retry 4"},
		{"unknown", []string{"x"}, ":c retry"},
		{"empty", []string{""}, ":c retry"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := codec.NewDecoder(strings.NewReader(stream), codec.WithEventTypes(test.types...), codec.WithComments(true), codec.WithRetryEvents(true))
			var got []string
			for e, err := range d.Events() {
				require.NoError(t, err)
				switch e.Kind() {
				case codec.KindMessage:
					got = append(got, e.Data)
				case codec.KindComment:
					got = append(got, ":"+e.Comment)
				case codec.KindRetry:
					got = append(got, "retry")
				}
			}
			assert.Equal(t, test.want, strings.Join(got, " "))
			assert.Equal(t, "5", d.LastEventID())
			retry, _ := d.Retry()
			assert.Equal(t, 5*time.Millisecond, retry)
		})
	}
}

// The ID of a message that is skipped is the last event ID of the next one.
func TestSkippedMessagesSetTheID(t *testing.T) {
	d := codec.NewDecoder(strings.NewReader("event: a\ndata: 1\nid: 1\n\nevent: b\ndata: 2\n\n"), codec.WithEventTypes("b"))
	e, err := d.Next()
	require.NoError(t, err)
	assert.Equal(t, codec.Event{Type: "b", Data: "2", ID: "1"}, e)
}

func TestSkippedMessagesAllocateNothing(t *testing.T) {
	stream := strings.Repeat("event: quote\ndata: 0123456789\nid: 4711\n\n", 5000)
	n := testing.AllocsPerRun(5, func() {
		d := codec.NewDecoder(strings.NewReader(stream), codec.WithEventTypes("trade"))
		assert.False(t, d.Scan())
	})
	assert.Less(t, n, 20.0, "for 5000 messages")
}

// The decoder copies the types, so the caller may change its slice.
func TestWithEventTypesKeepsTheTypes(t *testing.T) {
	types := []string{"wanted"}
	option := codec.WithEventTypes(types...)
	types[0] = "other"
	e, err := codec.NewDecoder(strings.NewReader("event: other\ndata: 1\n\nevent: wanted\ndata: 2\n\n"), option).Next()
	require.NoError(t, err)
	assert.Equal(t, "2", e.Data)
}
