package codec_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

// TestDeliveredAtOnce writes to a pipe, from which a premature read would never return:
// each event must arrive before the next write.
func TestDeliveredAtOnce(t *testing.T) {
	type step struct{ write, data, comment string }
	tests := []struct {
		name  string
		steps []step
	}{
		{"LF", []step{{write: "data: 1\n\n", data: "1"}, {write: "data: 2\n\n", data: "2"}}},
		{"CR", []step{{write: "data: 1\r\r", data: "1"}, {write: "data: 2\r\r", data: "2"}}},
		{"CRLF", []step{{write: "data: 1\r\n\r\n", data: "1"}, {write: "data: 2\r\n\r\n", data: "2"}}},
		{"CRLF, the LF late", []step{{write: "data: 1\r\n\r", data: "1"}, {write: "\ndata: 2\r\n\r", data: "2"}, {write: "\n\r\n:c\r", comment: "c"}}},
		{"last byte alone", []step{{write: "data: 1\n"}, {write: "\n", data: "1"}, {write: "data: 2\r"}, {write: "\r", data: "2"}}},
		{"with the beginning of the next", []step{{write: "data: 1\n\ndata", data: "1"}, {write: ": 2\n\n\xe2\x82", data: "2"}, {write: "\xac\n:c\n", comment: "c"}}},
		{"comment inside a block", []step{{write: "data: 1\n:c\n", comment: "c"}, {write: "\n", data: "1"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, w := io.Pipe()
			events := make(chan codec.Event)
			done := make(chan error)
			go func() { // ends with the pipe
				d := codec.NewDecoder(r, codec.WithComments(true))
				for {
					e, err := d.Next()
					if err != nil {
						done <- err
						return
					}
					events <- e
				}
			}()
			for _, s := range test.steps {
				_, err := io.WriteString(w, s.write)
				require.NoError(t, err)
				if s.data == "" && s.comment == "" {
					continue
				}
				e := <-events
				assert.Equal(t, s.data, e.Data)
				assert.Equal(t, s.comment, e.Comment)
			}
			require.NoError(t, w.Close())
			assert.Equal(t, io.EOF, <-done)
		})
	}
}

// TestReadsNoFurtherThanNeeded counts the reads: none while an event is buffered.
func TestReadsNoFurtherThanNeeded(t *testing.T) {
	reads := 0
	d := codec.NewDecoder(readerFunc(func(p []byte) (int, error) {
		reads++
		return copy(p, "data: 1\n\ndata: 2\n\nid: 7\n\ndata: 3\r\r"), nil
	}))
	for i, data := range []string{"1", "2", "3", "1", "2", "3"} {
		require.True(t, d.Scan())
		assert.Equal(t, data, string(d.View().Data))
		assert.Equal(t, i/3+1, reads)
	}
}
