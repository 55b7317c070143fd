package source_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestWithErrorTail(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for name, c := range map[string]struct {
		bodies        []string
		lines, events int
		wantLines     []string
		wantEvents    string
	}{
		"off":                    {[]string{"data: a\n\n"}, 0, 0, nil, ""},
		"lines":                  {[]string{"data: a\n\n: c\ndata: b\n\n"}, 3, 0, []string{": c", "data: b", ""}, ""},
		"fewer than asked for":   {[]string{"data: a\n\n"}, 9, 0, []string{"data: a", ""}, ""},
		"an unfinished line":     {[]string{"data: a\n\ndata: b"}, 2, 0, []string{"", "data: b"}, ""},
		"all line ends":          {[]string{"data: a\r\n\r\ndata: b\r\rdata: c\n\n"}, 9, 0, []string{"data: a", "", "data: b", "", "data: c", ""}, ""},
		"a long line":            {[]string{"data: " + long}, 1, 0, []string{"data: " + long[:1018]}, ""},
		"invalid UTF-8":          {[]string{"data: \xff\n"}, 1, 0, []string{"data: \uFFFD"}, ""},
		"events":                 {[]string{"data: a\n\ndata: b\n\ndata: c\n\ndata: d"}, 0, 2, nil, "b c"},
		"one event":              {[]string{"data: a\n\ndata: b\n\n"}, 0, 1, nil, "b"},
		"over connections":       {[]string{"data: a\n\ndata: half", "data: b\n\n"}, 4, 2, []string{"", "data: half", "data: b", ""}, "a b"},
		"a line end between two": {[]string{"data: a\r", "\ndata: b\r"}, 4, 0, []string{"data: a", "", "data: b"}, ""},
	} {
		for _, chunk := range []int{0, 1, 3} {
			t.Run(fmt.Sprintf("%s in pieces of %d", name, chunk), func(t *testing.T) {
				within(t, func(conn *ssetest.Conn) {
					conn.Chunk(chunk)
					conn.Raw(c.bodies[conn.N-1])
					if conn.N == len(c.bodies) {
						conn.Raw("")
						conn.Drop()
					}
				}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
					stop := source.WithRetryIf(func(e *source.Error) bool { return errors.Is(e, source.ErrEnded) })
					_, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithErrorTail(c.lines, c.events), stop))
					var failure *source.Error
					require.ErrorAs(t, err, &failure)
					assert.Equal(t, c.wantLines, failure.TailLines)
					assert.Equal(t, c.wantEvents, data(failure.TailEvents))
					assert.NotContains(t, err.Error(), "data: ", "payloads are not for logs")
				})
			})
		}
	}
}

// An empty read between the two characters of a line end does not split it into two.
func TestErrorTailOfALineEndInPieces(t *testing.T) {
	pieces := []string{"data: a\r", "", "\n"}
	resp := &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"text/event-stream"}},
		Body: io.NopCloser(readerFunc(func(p []byte) (int, error) {
			if len(pieces) == 0 {
				return 0, errGone
			}
			n := copy(p, pieces[0])
			pieces = pieces[1:]
			return n, nil
		})),
	}
	_, err := sink.Collect(t.Context(), source.FromResponse(resp, source.WithErrorTail(3, 0)))
	var failure *source.Error
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, []string{"data: a"}, failure.TailLines)
}
