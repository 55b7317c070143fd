package source_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestWithDeduplication(t *testing.T) {
	for name, c := range map[string]struct {
		window int
		bodies []string // id:data, or data alone, separated by spaces; one body a connection
		want   string
		ids    []string // Last-Event-ID of each request but the first
	}{
		"a server that repeats all":       {10, []string{"1:a 2:b", "1:a 2:b 3:c", "1:a 2:b 3:c 4:d"}, "1a 2b 3c 4d", []string{"2", "3", "4"}},
		"and nothing new":                 {10, []string{"1:a 2:b", "1:a 2:b", "3:c"}, "1a 2b 3c", []string{"2", "2", "3"}},
		"a run with one ID":               {10, []string{"1:a b c", "1:a b c d 2:e", "2:e f"}, "1a 1b 1c 1d 2e 2f", []string{"1", "2", "2"}},
		"a run that broke off":            {10, []string{"1:a b", "1:a b c"}, "1a 1b 1c", []string{"1", "1"}},
		"events without an ID":            {10, []string{"a b", "a b"}, "a b a b", []string{"", ""}},
		"an event that inherits its ID":   {10, []string{"1:a", "b 2:c"}, "1a 1b 2c", []string{"1", "2"}},
		"only such events":                {10, []string{"1:a", "b", "c"}, "1a 1b 1c", []string{"1", "1", "1"}},
		"an ID that is reset":             {10, []string{"1:a :b", "1:a c"}, "1a b 1c", []string{"", "1"}},
		"within one connection":           {10, []string{"1:a 2:b 1:a"}, "1a 2b", []string{"1"}},
		"more than the window":            {2, []string{"1:a 2:b 3:c", "1:a 2:b 3:c"}, "1a 2b 3c 1a 2b 3c", []string{"3", "3"}},
		"the window, once it has turned":  {2, []string{"1:a 2:b 3:c 4:d 5:e", "4:d 5:e 6:f", "5:e 6:f"}, "1a 2b 3c 4d 5e 6f", []string{"5", "6", "6"}},
		"what is dropped is no news":      {1, []string{"1:a 2:b", "2:b 2:b"}, "1a 2b 2b", []string{"2", "2"}},
		"window of one, the same for all": {1, []string{"1:a", "1:a 2:b", "2:b 3:c"}, "1a 2b 3c", []string{"1", "2", "3"}},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				if conn.N > len(c.bodies) {
					conn.Answer(http.StatusNoContent, "")
				}
				for word := range strings.FieldsSeq(c.bodies[conn.N-1]) {
					if id, text, found := strings.Cut(word, ":"); found {
						conn.Raw(fmt.Sprintf(": comment\nid: %s\ndata: %s\n\n", id, text))
					} else {
						conn.Raw(fmt.Sprintf("data: %s\n\n", word))
					}
				}
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				events, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithDeduplication(c.window)))
				require.NoError(t, err)
				var got []string
				for _, e := range events {
					got = append(got, e.ID+e.Data)
				}
				assert.Equal(t, c.want, strings.Join(got, " "))
				var ids []string
				for _, r := range server.Requests()[1:] {
					ids = append(ids, r.LastEventID)
				}
				assert.Equal(t, c.ids, ids)
			})
		})
	}
}

// Comments repeat after each reconnect, and have no position to compare.
func TestCommentsAreNoDuplicates(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		if c.N > 2 {
			c.Answer(http.StatusNoContent, "")
		}
		c.Raw(": ping\n\nretry: 5\n\nid: 1\ndata: a\n\nretry: 6\n\n")
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		events, err := sink.Collect(t.Context(), client.Observe(server.URL(),
			source.WithDeduplication(5), source.WithComments(true), source.WithRetryEvents(true)))
		require.NoError(t, err)
		var got []string
		for _, e := range events {
			got = append(got, fmt.Sprintf("%s%s%v@%s", e.Data, e.Comment, e.Retry, e.ID))
		}
		assert.Equal(t, []string{" ping0s@", "5ms@", "a0s@1", "6ms@1", " ping0s@", "5ms@1", "6ms@1"}, got)
	})
}
