package sink

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

func TestAppendWire(t *testing.T) {
	for name, row := range map[string]struct {
		event    codec.Event
		want     string
		repaired bool
		err      string
	}{
		"a message":                 {event: codec.Event{Type: "t", Data: "a\nb", ID: "1"}, want: "event: t\ndata: a\ndata: b\nid: 1\n\n"},
		"an id alone":               {event: codec.Event{ID: "1"}, want: "id: 1\n\n"},
		"a comment is one line":     {event: codec.Event{Comment: " x"}, want: ": x\n"},
		"a retry is one line":       {event: codec.Event{Retry: time.Second}, want: "retry: 1000\n"},
		"a heartbeat is one line":   {want: ":\n"},
		"CRLF and CR in data":       {event: codec.Event{Data: "a\r\nb\rc\r\r\n"}, want: "data: a\ndata: b\ndata: c\ndata:\ndata:\n\n", repaired: true},
		"CR at the beginning":       {event: codec.Event{Data: "\ra"}, want: "data:\ndata: a\n\n", repaired: true},
		"Latin-1 in data":           {event: codec.Event{Data: "caf\xe9!"}, want: "data: caf\uFFFD!\n\n", repaired: true},
		"invalid UTF-8 in a type":   {event: codec.Event{Type: "a\xff", Data: "x"}, want: "event: a\uFFFD\ndata: x\n\n", repaired: true},
		"line breaks in a comment":  {event: codec.Event{Comment: "a\r\nb\nc\rd\xff"}, want: ":a b c d\uFFFD\n", repaired: true},
		"the longest id":            {event: codec.Event{ID: strings.Repeat("x", 4096)}, want: "id: " + strings.Repeat("x", 4096) + "\n\n"},
		"an id that is too long":    {event: codec.Event{ID: strings.Repeat("x", 4097)}, err: "id has 4097 bytes, more than 4096"},
		"a control character":       {event: codec.Event{ID: "1\x01"}, err: `id has the control character '\x01'`},
		"a DEL in an id":            {event: codec.Event{ID: "1\x7f"}, err: `id has the control character '\x7f'`},
		"an id of spaces":           {event: codec.Event{ID: " \t", Data: "a\rb"}, err: "id has only spaces"},
		"a tab in an id":            {event: codec.Event{ID: "1\t2"}, want: "id: 1\t2\n\n"},
		"a line feed in an id":      {event: codec.Event{ID: "1\n2", Data: "a\rb"}, err: "id contains a line feed"},
		"invalid UTF-8 in an id":    {event: codec.Event{ID: "\xff"}, err: "id is not valid UTF-8"},
		"a CR in a type":            {event: codec.Event{Type: "a\rb"}, err: "event contains a carriage return"},
		"a comment beside the data": {event: codec.Event{Comment: "a", Data: "b"}, err: "write two events"},
	} {
		t.Run(name, func(t *testing.T) {
			wire, repaired, err := appendWire([]byte("before"), &row.event)
			if row.err != "" {
				require.ErrorContains(t, err, row.err)
				assert.Equal(t, "before", string(wire))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "before"+row.want, string(wire))
			assert.Equal(t, row.repaired, repaired)
		})
	}
}

// An EventSource that is refused with an error status never comes back.
func TestRefuse(t *testing.T) {
	for accept, want := range map[string]int{
		"":                               http.StatusServiceUnavailable,
		"*/*":                            http.StatusServiceUnavailable,
		"text/event-stream":              http.StatusOK,
		"text/html, Text/Event-Stream;q": http.StatusOK,
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept", accept)
		refuse(w, r, 1500*time.Millisecond, "full")
		assert.Equal(t, want, w.Code, accept)
		if want == http.StatusOK {
			assert.Equal(t, "text/event-stream", w.Header().Get("Content-Type"))
			assert.Equal(t, "retry: 1500\n", w.Body.String())
		} else {
			assert.Equal(t, "2", w.Header().Get("Retry-After"))
		}
	}
	w := httptest.NewRecorder()
	refuse(w, httptest.NewRequest(http.MethodGet, "/", nil), 2*time.Second, "full")
	assert.Equal(t, "2", w.Header().Get("Retry-After"), "whole seconds are not rounded")
}

// A deadlines is a ResponseWriter that keeps the write deadline. It calls meanwhile once while
// the deadline is set.
type deadlines struct {
	http.ResponseWriter

	at        time.Time
	meanwhile func()
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	if f := d.meanwhile; f != nil {
		d.meanwhile = nil
		f()
	}
	d.at = t
	return nil
}

// A client that is interrupted while its handler finishes gets no new deadline: net/http would
// wait for it to read the end.
func TestInterruptWhileAResponseFinishes(t *testing.T) {
	w := &deadlines{}
	s := newResponse(w, httptest.NewRequest(http.MethodGet, "/", nil), time.Minute)
	s.extendDeadline()
	s.deadline = time.Now() // a long time later
	w.meanwhile = func() { s.interrupt() }
	s.finish()
	assert.True(t, w.at.Before(time.Now()))
}

func TestJitter(t *testing.T) {
	seen := map[time.Duration]bool{}
	longest := time.Duration(0)
	for range 200 {
		d := jitter(time.Second)
		assert.GreaterOrEqual(t, d, time.Second)
		assert.LessOrEqual(t, d, 1500*time.Millisecond)
		seen[d] = true
		longest = max(longest, d)
	}
	assert.Greater(t, longest, 1400*time.Millisecond, "up to half as much again")
	assert.Greater(t, len(seen), 50, "clients are spread")
	assert.Greater(t, jitter(1<<63-1), time.Duration(0), "no overflow")
}
