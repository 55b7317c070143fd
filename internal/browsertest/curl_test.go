package browsertest

import (
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

func number(n int) string { return strconv.Itoa(n) }

// curl prints the header and body on the wire as they arrive.
func TestCurl(t *testing.T) {
	program, err := exec.LookPath("curl")
	require.NoError(t, err, "install curl")
	b := sink.NewBroadcaster(sink.WithHeartbeat(100 * time.Millisecond))
	url := serve(t, "", b) + "events"
	curl := exec.CommandContext(t.Context(), program, "--silent", "--no-buffer", "--include", "--max-time", "20", url)
	out, err := curl.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, curl.Start())
	read := func(until string) (text string) {
		buffer := make([]byte, 1)
		for len(text) < len(until) || text[len(text)-len(until):] != until {
			_, err := out.Read(buffer)
			require.NoError(t, err, "after %q", text)
			text += string(buffer)
		}
		return text
	}
	header := read("\r\n\r\n")
	assert.Contains(t, header, "HTTP/1.1 200 OK\r\n")
	assert.Contains(t, header, "Content-Type: text/event-stream\r\n")
	assert.Contains(t, header, "Cache-Control: no-cache, no-transform\r\n")
	assert.Equal(t, ":\n", read("\n"), "the first byte comes at once")
	assert.Equal(t, ":\n", read("\n"), "a heartbeat")
	require.NoError(t, b.Send(t.Context(), codec.Event{Type: "t", Data: "a\r\nb", ID: "1"}))
	assert.Regexp(t, `^(:\n)*event: t\ndata: a\ndata: b\nid: 1\n\n$`, read("\n\n"))
	require.NoError(t, b.Complete(t.Context()))
	require.NoError(t, curl.Wait(), "a clean end")
}
