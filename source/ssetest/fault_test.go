package ssetest_test

import (
	"io"
	"net/http"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/source/ssetest"
)

// A bug in a script must not look like a broken network: a client would reconnect to it
// forever.
func TestScriptsThatFail(t *testing.T) {
	for name, c := range map[string]struct {
		script func(*ssetest.Conn)
		begun  bool   // the response has begun: the connection breaks
		says   string // every other answer
		panics any    // what Close panics with, wrapped
	}{
		"panic":              {func(*ssetest.Conn) { panic("oops") }, false, "ssetest: the script has panicked: oops\n", "oops"},
		"panic in mid-event": {func(c *ssetest.Conn) { c.Raw("data: x"); panic("oops") }, true, "ssetest: the script has panicked: oops\n", "oops"},
		"second Answer": {
			func(c *ssetest.Conn) { c.Raw("x"); c.Answer(200, "") }, true,
			"ssetest: the script has panicked: ssetest: Answer: the response has begun\n", "ssetest: Answer: the response has begun",
		},
		"Goexit": {func(*ssetest.Conn) { runtime.Goexit() }, true, "ssetest: the script has ended its goroutine, as testing.T.FailNow does\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, c.script, func(t *testing.T, server *ssetest.Server) {
				for i := range 3 {
					resp, err := server.Client().Get(server.URL())
					if i == 0 && c.begun {
						if err == nil {
							_, err = io.ReadAll(resp.Body)
							require.NoError(t, resp.Body.Close())
						}
						require.Error(t, err, "the connection breaks")
						continue
					}
					require.NoError(t, err)
					body, err := io.ReadAll(resp.Body)
					require.NoError(t, err)
					require.NoError(t, resp.Body.Close())
					assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
					assert.Equal(t, c.says, string(body))
				}
				defer func() {
					if c.panics == nil {
						assert.Nil(t, recover())
						return
					}
					carried, ok := recover().(*rxsse.PanicError)
					require.True(t, ok, "Close panics")
					assert.Equal(t, c.panics, carried.Value)
					assert.Contains(t, string(carried.Stack), "fault_test.go")
				}()
				server.Close()
			})
		})
	}
}
