package ssetest_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// get makes a request with the last event ID and returns the response.
func get(t *testing.T, server *ssetest.Server, lastEventID string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL()+"/path?q=1", nil)
	require.NoError(t, err)
	if lastEventID != "" {
		req.Header.Set("Last-Event-ID", lastEventID)
	}
	resp, err := server.Client().Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// Each test runs on both networks: in memory inside a bubble, and on loopback.
func onBoth(t *testing.T, script func(*ssetest.Conn), test func(t *testing.T, server *ssetest.Server)) {
	t.Helper()
	onBothAnew(t, func() func(*ssetest.Conn) { return script }, test)
}

// onBothAnew is onBoth with a script that remembers what it has played.
func onBothAnew(t *testing.T, script func() func(*ssetest.Conn), test func(t *testing.T, server *ssetest.Server)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := ssetest.NewMemoryServer(script())
			defer server.Close()
			test(t, server)
		})
	})
	t.Run("loopback", func(t *testing.T) {
		server := ssetest.NewServer(script())
		defer server.Close()
		test(t, server)
	})
}

func TestSendsEvents(t *testing.T) {
	onBoth(t, func(c *ssetest.Conn) {
		c.Send(codec.Event{Type: "price", ID: "1", Data: "two\nlines"}, codec.Event{Retry: time.Second})
		c.Comment(" ping")
		c.Raw("data: ra")
		c.Raw("w\r\n\r\n")
	}, func(t *testing.T, server *ssetest.Server) {
		resp := get(t, server, "")
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		assert.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err, "a script that returns ends the response cleanly")
		decoder := codec.NewDecoder(strings.NewReader(string(body)), codec.WithComments(true), codec.WithRetryEvents(true))
		var got []codec.Event
		for e, err := range decoder.Events() {
			require.NoError(t, err)
			got = append(got, e)
		}
		assert.Equal(t, []codec.Event{
			{Type: "price", ID: "1", Data: "two\nlines"},
			{Retry: time.Second, ID: "1"},
			{Comment: " ping"},
			{Type: "message", ID: "1", Data: "raw"},
		}, got)
	})
}

func TestDropIsNoOrderlyEnd(t *testing.T) {
	for name, drop := range map[string]func(*ssetest.Conn){"Drop": (*ssetest.Conn).Drop, "Reset": (*ssetest.Conn).Reset} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(c *ssetest.Conn) {
				c.Raw("data: unfini")
				drop(c)
				c.Raw("not to be seen")
			}, func(t *testing.T, server *ssetest.Server) {
				body, err := io.ReadAll(get(t, server, "").Body)
				require.Error(t, err)
				assert.Equal(t, name == "Reset", errors.Is(err, syscall.ECONNRESET), "%v", err)
				assert.Contains(t, "data: unfini", string(body)) // a reset may overtake sent data
			})
		})
	}
}

func TestAnswer(t *testing.T) {
	onBoth(t, func(c *ssetest.Conn) {
		c.Header().Set("Retry-After", "7")
		c.Answer(http.StatusServiceUnavailable, "busy")
		c.Raw("not to be seen")
	}, func(t *testing.T, server *ssetest.Server) {
		resp := get(t, server, "")
		assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
		assert.Equal(t, "7", resp.Header.Get("Retry-After"))
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, "busy", string(body))
	})
}

func TestAnswerIsPlainTextByDefault(t *testing.T) {
	onBothAnew(t, func() func(*ssetest.Conn) {
		return func(c *ssetest.Conn) {
			if c.N == 2 {
				c.Header().Set("Content-Type", "application/problem+json")
			}
			c.Answer(http.StatusBadRequest, "<html>")
		}
	}, func(t *testing.T, server *ssetest.Server) {
		assert.Equal(t, "text/plain; charset=utf-8", get(t, server, "").Header.Get("Content-Type"))
		assert.Equal(t, "application/problem+json", get(t, server, "").Header.Get("Content-Type"))
	})
}

func TestAnswerOnlyOnce(t *testing.T) {
	for name, begin := range map[string]func(*ssetest.Conn){
		"Answer": func(c *ssetest.Conn) {
			defer func() { _ = recover() }()
			c.Answer(http.StatusOK, "first")
		},
		"Open": (*ssetest.Conn).Open,
		"Raw":  func(c *ssetest.Conn) { c.Raw("first") },
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(c *ssetest.Conn) {
				begin(c)
				assert.PanicsWithValue(t, "ssetest: Answer: the response has begun", func() { c.Answer(http.StatusOK, "second") })
			}, func(t *testing.T, server *ssetest.Server) {
				body, err := io.ReadAll(get(t, server, "").Body)
				require.NoError(t, err)
				assert.NotContains(t, string(body), "second")
			})
		})
	}
}

// On loopback, a reset may overtake the header.
func TestDropAndResetSendTheHeaderFirst(t *testing.T) {
	for name, drop := range map[string]func(*ssetest.Conn){"Drop": (*ssetest.Conn).Drop, "Reset": (*ssetest.Conn).Reset} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := ssetest.NewMemoryServer(drop)
				defer server.Close()
				resp := get(t, server, "")
				assert.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
				_, err := io.ReadAll(resp.Body)
				require.Error(t, err)
			})
		})
	}
}

func TestRequestsAreLogged(t *testing.T) {
	onBoth(t, func(c *ssetest.Conn) {
		assert.Equal(t, c.Request.LastEventID, c.LastEventID())
		c.Answer(http.StatusOK, "")
	}, func(t *testing.T, server *ssetest.Server) {
		get(t, server, "41")
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL(), strings.NewReader("body"))
		require.NoError(t, err)
		resp, err := server.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())

		log := server.Requests()
		require.Len(t, log, 2)
		assert.Equal(t, http.MethodGet, log[0].Method)
		assert.Equal(t, "/path?q=1", log[0].URL)
		assert.Equal(t, "41", log[0].LastEventID)
		assert.True(t, log[0].HasLastEventID)
		assert.Equal(t, http.MethodPost, log[1].Method)
		assert.Equal(t, "body", string(log[1].Body))
		assert.EqualValues(t, 4, log[1].ContentLength)
		assert.False(t, log[1].HasLastEventID)
		assert.False(t, log[1].Time.Before(log[0].Time))
	})
}

func TestScriptEndsWhenTheClientLeaves(t *testing.T) {
	for name, wait := range map[string]func(*ssetest.Conn){
		"Hold":  (*ssetest.Conn).Hold,
		"Sleep": func(c *ssetest.Conn) { c.Sleep(time.Hour) },
		"Send": func(c *ssetest.Conn) {
			for {
				c.Send(codec.Event{Data: "again"})
			}
		},
		"Gone": func(c *ssetest.Conn) { <-c.Gone() },
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan struct{}, 2)
			onBoth(t, func(c *ssetest.Conn) {
				defer func() { ended <- struct{}{} }()
				c.Open()
				wait(c)
				assert.Equal(t, "Gone", name, "the script goes on")
			}, func(t *testing.T, server *ssetest.Server) {
				resp := get(t, server, "")
				assert.Equal(t, 1, server.Playing())
				require.NoError(t, resp.Body.Close())
				server.Client().CloseIdleConnections()
				server.Close()
				assert.Zero(t, server.Playing())
			})
			assert.Len(t, ended, 2)
		})
	}
}

// A script can take its time to end: Close waits for it.
func TestCloseWaitsForScripts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		server := ssetest.NewMemoryServer(func(c *ssetest.Conn) {
			defer func() {
				time.Sleep(time.Second)
				ended = true
			}()
			c.Hold()
		})
		get(t, server, "")
		server.Close()
		assert.True(t, ended)
	})
}

func TestSleepIsFreeInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := ssetest.NewMemoryServer(func(c *ssetest.Conn) {
			c.Sleep(100 * time.Hour)
			c.Raw("data: late\n")
		})
		defer server.Close()
		start := time.Now()
		line, err := bufio.NewReader(get(t, server, "").Body).ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "data: late\n", line)
		assert.Equal(t, 100*time.Hour, time.Since(start))
	})
}

func TestChunkCutsWhatIsSent(t *testing.T) {
	for size, want := range map[int][]string{
		0: {"data: 12\n", "\n"},
		1: {"d", "a", "t", "a", ":", " ", "1", "2", "\n", "\n"},
		4: {"data", ": 12", "\n", "\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			server := ssetest.NewMemoryServer(func(c *ssetest.Conn) {
				c.Chunk(size)
				c.Raw("data: 12\n")
				c.Raw("\n")
			})
			defer server.Close()
			body := get(t, server, "").Body
			var pieces []string
			for buf := make([]byte, 100); ; {
				n, err := body.Read(buf)
				if n > 0 {
					pieces = append(pieces, string(buf[:n]))
				}
				if err != nil {
					require.ErrorIs(t, err, io.EOF)
					break
				}
			}
			assert.Equal(t, want, pieces)
		})
	}
}

func TestReplay(t *testing.T) {
	events := []codec.Event{{ID: "a", Data: "1"}, {ID: "b", Data: "2"}, {ID: "c", Data: "3"}}
	replay := func() func(*ssetest.Conn) { return ssetest.Replay(events, 1, 1) }
	onBothAnew(t, replay, func(t *testing.T, server *ssetest.Server) {
		read := func(lastEventID string) (data []string, err error) {
			for e, err := range codec.NewDecoder(get(t, server, lastEventID).Body).Events() {
				if err != nil {
					return data, err
				}
				data = append(data, e.Data)
			}
			return data, nil
		}
		got, err := read("")
		assert.Equal(t, []string{"1"}, got)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "dropped in the middle of the second event")
		got, err = read("a")
		assert.Equal(t, []string{"2", "3"}, got, "both drops of that event were made at once")
		require.NoError(t, err)
		got, err = read("unknown")
		assert.Equal(t, []string{"1", "2", "3"}, got)
		require.NoError(t, err)
		assert.Equal(t, http.StatusNoContent, get(t, server, "c").StatusCode)
	})
}

func TestReplayOfNothing(t *testing.T) {
	onBoth(t, ssetest.Replay(nil), func(t *testing.T, server *ssetest.Server) {
		assert.Equal(t, http.StatusNoContent, get(t, server, "").StatusCode)
	})
}

// In memory, every host is the server, so it sees what redirects carry to other hosts.
func TestEveryHostIsTheMemoryServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := ssetest.NewMemoryServer(func(c *ssetest.Conn) {
			if c.N == 1 {
				c.Header().Set("Location", "http://elsewhere.example/moved")
				c.Answer(http.StatusFound, "")
			}
		})
		defer server.Close()
		get(t, server, "")
		require.Len(t, server.Requests(), 2)
		assert.Equal(t, server.URL(), "http://"+server.Requests()[0].Host)
		assert.Equal(t, "elsewhere.example", server.Requests()[1].Host)
	})
}

// The body of a request is read to its end, however long: net/http does not see the client
// leave before.
func TestClientLeavesAfterALargeBody(t *testing.T) {
	onBoth(t, (*ssetest.Conn).Hold, func(t *testing.T, server *ssetest.Server) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL(), strings.NewReader(strings.Repeat("x", 3<<20)))
		require.NoError(t, err)
		resp, err := server.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Eventually(t, func() bool { return server.Playing() == 0 }, 10*time.Second, time.Millisecond)
		assert.Len(t, server.Requests()[0].Body, 1<<20)
	})
}

func TestNothingButTheClientReachesAMemoryServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := ssetest.NewMemoryServer(func(*ssetest.Conn) {})
		server.Close()
		server.Close() // is harmless
		_, err := server.Client().Get(server.URL())
		require.Error(t, err)
	})
}

func TestSendRefusesWhatCannotBeSent(t *testing.T) {
	panicked := make(chan any, 1)
	server := ssetest.NewServer(func(c *ssetest.Conn) {
		defer func() { panicked <- recover() }()
		c.Send(codec.Event{ID: "two\nlines"})
	})
	defer server.Close()
	get(t, server, "")
	assert.Equal(t, "ssetest: Send: codec: cannot encode event: id contains a line feed; for such bytes use Raw", <-panicked)
}
