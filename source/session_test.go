package source_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// take returns the data of the next n events of a session.
func take(t *testing.T, session *source.Session, n int) string {
	t.Helper()
	var events []codec.Event
	for e, err := range session.Events() {
		require.NoError(t, err)
		if events = append(events, e); len(events) == n {
			break
		}
	}
	return data(events)
}

// rest returns the data of the events that are left, and how the session ends.
func rest(session *source.Session) (string, error) {
	var events []codec.Event
	for e, err := range session.Events() {
		if err != nil {
			return data(events), err
		}
		events = append(events, e)
	}
	return data(events), nil
}

func TestSession(t *testing.T) {
	within(t, ssetest.Replay(numbered(5), 3), func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var meter source.Meter
		session, err := client.Open(t.Context(), server.URL(), source.WithLastEventID("1"), source.WithMeter(&meter))
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, session.Response().StatusCode)
		assert.Equal(t, "text/event-stream", session.Response().Header.Get("Content-Type"))
		assert.Equal(t, "1", session.LastEventID(), "where it begins")

		assert.Equal(t, "event 2", take(t, session, 1))
		assert.Equal(t, "2", session.LastEventID())
		assert.Equal(t, "event 3", take(t, session, 1), "a range goes on where the last one stopped")

		events, err := rest(session)
		require.NoError(t, err, "204 completes it")
		assert.Equal(t, "event 4 event 5", events, "it reconnects")
		assert.Equal(t, "5", session.LastEventID())
		assert.Equal(t, http.StatusNoContent, session.Response().StatusCode, "the newest answer")
		assert.Zero(t, meter.Stats().Streams, "the stream has ended, although nobody has closed the session")

		events, err = rest(session)
		assert.NoError(t, err)
		assert.Empty(t, events, "it has completed")
		assert.NoError(t, session.Close())
	})
}

// Whatever the other options, Open reports at once that the first attempt has
// failed.
func TestOpenReportsTheFirstFailure(t *testing.T) {
	for name, c := range map[string]struct {
		script func(*ssetest.Conn)
		want   error
	}{
		"a status to try again": {func(c *ssetest.Conn) { c.Answer(http.StatusServiceUnavailable, "busy") }, source.ErrStatus},
		"a final status":        {func(c *ssetest.Conn) { c.Answer(http.StatusNotFound, "") }, source.ErrStatus},
		"no event stream":       {func(c *ssetest.Conn) { c.Header().Set("Content-Type", "text/html"); c.Open() }, source.ErrContentType},
		"no answer":             {func(*ssetest.Conn) { panic(http.ErrAbortHandler) }, io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, c.script, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				start := time.Now()
				session, err := client.Open(t.Context(), server.URL())
				assert.Nil(t, session)
				require.ErrorIs(t, err, c.want)
				var failure *source.Error
				require.ErrorAs(t, err, &failure)
				assert.Equal(t, 1, failure.Attempts)
				assert.Zero(t, time.Since(start))
				assert.Len(t, server.Requests(), 1)
			})
		})
	}
	for name, url := range map[string]string{"no URL": "http://[half", "no scheme": "host.example/path"} {
		t.Run(name, func(t *testing.T) {
			_, err := source.NewClient().Open(t.Context(), url)
			assert.ErrorIs(t, err, source.ErrRequest)
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		within(t, func(c *ssetest.Conn) { <-c.Gone() }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGone)
			defer cancel()
			_, err := client.Open(ctx, server.URL())
			assert.Equal(t, errGone, err)
			assertLeft(t, server)
		})
	})
}

func TestOpenOfNoContent(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Answer(http.StatusNoContent, "") }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		session, err := client.Open(t.Context(), server.URL())
		require.NoError(t, err)
		defer session.Close()
		assert.Equal(t, http.StatusNoContent, session.Response().StatusCode)
		events, err := rest(session)
		assert.NoError(t, err)
		assert.Empty(t, events)
		assert.Len(t, server.Requests(), 1)
	})
}

// Each way to end a session closes the connection: the server sees the client leave,
// whether or not a goroutine ranges over the events.
func TestEndOfASession(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(s *source.Session, cancel context.CancelCauseFunc)
		want error
	}{
		"closed":           {func(s *source.Session, _ context.CancelCauseFunc) { _ = s.Close() }, source.ErrClosed},
		"closed twice":     {func(s *source.Session, _ context.CancelCauseFunc) { _ = s.Close(); _ = s.Close() }, source.ErrClosed},
		"parent cancelled": {func(_ *source.Session, cancel context.CancelCauseFunc) { cancel(errGone) }, errGone},
	} {
		t.Run(name, func(t *testing.T) {
			script := func(c *ssetest.Conn) {
				c.Send(numbered(3)...)
				c.Hold()
			}
			open := func(t *testing.T, server *ssetest.Server, client *source.Client) (*source.Session, func()) {
				t.Helper()
				ctx, cancel := context.WithCancelCause(t.Context())
				session, err := client.Open(ctx, server.URL())
				require.NoError(t, err)
				return session, func() { c.end(session, cancel) }
			}
			gone := func(t *testing.T, server *ssetest.Server, session *source.Session) {
				t.Helper()
				assertLeft(t, server, "the server sees the client leave")
				events, err := rest(session)
				assert.Empty(t, events, "nothing is delivered any more")
				assert.Equal(t, c.want, err)
			}
			t.Run("idle", func(t *testing.T) {
				within(t, script, func(t *testing.T, server *ssetest.Server, client *source.Client) {
					session, end := open(t, server, client)
					assert.Equal(t, "event 1", take(t, session, 1))
					end()
					gone(t, server, session)
				})
			})
			t.Run("waiting for an event", func(t *testing.T) {
				within(t, script, func(t *testing.T, server *ssetest.Server, client *source.Client) {
					session, end := open(t, server, client)
					ended := make(chan error)
					go func() { // ends with the session
						_, err := rest(session)
						ended <- err
					}()
					synctest.Wait()
					end()
					assert.Equal(t, c.want, <-ended)
					gone(t, server, session)
				})
			})
			t.Run("in the loop", func(t *testing.T) {
				within(t, script, func(t *testing.T, server *ssetest.Server, client *source.Client) {
					session, end := open(t, server, client)
					for _, err := range session.Events() {
						if err != nil {
							assert.Equal(t, c.want, err)
							break
						}
						end()
					}
					gone(t, server, session)
				})
			})
		})
	}
}

func TestReconnect(t *testing.T) {
	t.Run("a connection that is read", func(t *testing.T) {
		replay := ssetest.Replay(numbered(4))
		within(t, func(c *ssetest.Conn) {
			if c.N == 1 {
				c.Send(numbered(2)...)
				c.Hold()
			}
			replay(c)
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			var why error
			session, err := client.Open(t.Context(), server.URL(), source.WithTrace(&source.Trace{Disconnected: func(_ source.Attempt, err error) {
				if why == nil {
					why = err
				}
			}}))
			require.NoError(t, err)
			defer session.Close()
			first := session.Response()
			time.AfterFunc(time.Minute, session.Reconnect)
			start := time.Now()
			assert.Equal(t, "event 1 event 2 event 3", take(t, session, 3))
			assert.Equal(t, time.Minute, time.Since(start), "at once, without the reconnection time")
			assert.Equal(t, "2", server.Requests()[1].LastEventID)
			assert.NotSame(t, first, session.Response())
			assert.ErrorContains(t, why, "dropped by Session.Reconnect")
			events, err := rest(session)
			require.NoError(t, err)
			assert.Equal(t, "event 4", events)
		})
	})
	t.Run("a wait", func(t *testing.T) {
		within(t, ssetest.Replay(numbered(2), 1), func(t *testing.T, server *ssetest.Server, client *source.Client) {
			var meter source.Meter
			session, err := client.Open(t.Context(), server.URL(), source.WithReconnectionTime(time.Hour), source.WithMeter(&meter))
			require.NoError(t, err)
			defer session.Close()
			time.AfterFunc(time.Minute, session.Reconnect)
			start := time.Now()
			assert.Equal(t, "event 1 event 2", take(t, session, 2))
			assert.Equal(t, time.Minute, time.Since(start))
			assert.EqualValues(t, 2, meter.Stats().Attempts, "it ends the wait, and no attempt")
		})
	})
	t.Run("an attempt that hangs", func(t *testing.T) {
		within(t, func(c *ssetest.Conn) {
			switch c.N {
			case 1:
				c.Send(numbered(1)...)
			case 2:
				<-c.Gone()
			default:
				c.Send(numbered(2)[1])
			}
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			session, err := client.Open(t.Context(), server.URL(), source.WithMaxAttempts(1))
			require.NoError(t, err)
			defer session.Close()
			time.AfterFunc(time.Minute, session.Reconnect)
			start := time.Now()
			assert.Equal(t, "event 1 event 2", take(t, session, 2), "it is no attempt that has failed")
			assert.Equal(t, time.Minute, time.Since(start))
		})
	})
	t.Run("while nobody reads", func(t *testing.T) {
		within(t, func(c *ssetest.Conn) {
			c.Send(numbered(2)[c.N-1])
			c.Hold()
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			session, err := client.Open(t.Context(), server.URL())
			require.NoError(t, err)
			defer session.Close()
			assert.Equal(t, "event 1", take(t, session, 1))
			session.Reconnect()
			assertLeft(t, server, "the connection is dropped at once")
			start := time.Now()
			assert.Equal(t, "event 2", take(t, session, 1))
			assert.Zero(t, time.Since(start))
		})
	})
	t.Run("a session that is closed", func(t *testing.T) {
		within(t, func(c *ssetest.Conn) { c.Hold() }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			session, err := client.Open(t.Context(), server.URL())
			require.NoError(t, err)
			require.NoError(t, session.Close())
			session.Reconnect()
			_, err = rest(session)
			assert.Equal(t, source.ErrClosed, err)
			assert.Len(t, server.Requests(), 1)
		})
	})
}

func TestUse(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Send(numbered(1)...)
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		var kept *source.Session
		use := func(s *source.Session) error {
			kept = s
			assert.Equal(t, "event 1", take(t, s, 1))
			return errGone
		}
		assert.Equal(t, errGone, client.Use(t.Context(), server.URL(), use), "the function's own error, as it is")
		assertLeft(t, server)
		_, err := rest(kept)
		assert.Equal(t, source.ErrClosed, err)

		assert.PanicsWithValue(t, "oops", func() {
			_ = client.Use(t.Context(), server.URL(), func(*source.Session) error { panic("oops") })
		})
		assertLeft(t, server, "also when the function panics")

		err = client.Use(t.Context(), "mailto:nobody", func(*source.Session) error { t.Error("called"); return nil })
		assert.ErrorIs(t, err, source.ErrRequest)
	})
}

func TestOneRangeAtATime(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Send(numbered(2)...)
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		session, err := client.Open(t.Context(), server.URL())
		require.NoError(t, err)
		defer session.Close()
		for range session.Events() {
			assert.Panics(t, func() { take(t, session, 1) })
			break
		}
		assert.Equal(t, "event 2", take(t, session, 1))
	})
}

// A session has no goroutine of its own while it waits, only those of net/http.
func TestIdleStreamStartsNoGoroutine(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Hold() }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		session, err := client.Open(t.Context(), server.URL(), source.WithIdleTimeout(time.Hour), source.WithConnectTimeout(time.Hour))
		require.NoError(t, err)
		defer session.Close()
		synctest.Wait()
		stacks := stacksInBubble()
		assert.Contains(t, stacks, "created by net/http.")
		assert.NotContains(t, stacks, "created by github.com/rxsse/rxsse/source.")
	})
}

// stacksInBubble returns the stacks of the goroutines in the caller's bubble, so that those
// of other tests do not count.
func stacksInBubble() string {
	buf := make([]byte, 1<<20)
	stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
	_, bubble, _ := strings.Cut(stacks[0], ", synctest bubble ") // the caller's comes first
	bubble, _, _ = strings.Cut(bubble, "\n")                     // "7]:"
	return strings.Join(slices.DeleteFunc(stacks, func(stack string) bool {
		head, _, _ := strings.Cut(stack, "\n")
		return !strings.HasSuffix(head, ", synctest bubble "+bubble)
	}), "\n\n")
}

func TestOpenRequest(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Send(codec.Event{Data: string(c.Request.Body)}) },
		func(t *testing.T, server *ssetest.Server, client *source.Client) {
			req, err := http.NewRequest(http.MethodPost, server.URL(), strings.NewReader("question"))
			require.NoError(t, err)
			session, err := client.OpenRequest(t.Context(), req, source.WithReconnect(source.ReconnectNever))
			require.NoError(t, err)
			defer session.Close()
			events, err := rest(session)
			assert.NoError(t, err)
			assert.Equal(t, "question", events)
			assert.Equal(t, http.MethodPost, server.Requests()[0].Method)
		})
	_, err := source.NewClient().OpenRequest(t.Context(), &http.Request{})
	assert.True(t, errors.Is(err, source.ErrRequest))
}

// When Close returns, the body has been closed, whether or not the session was ranged over.
func TestCloseOfASessionClosesTheBody(t *testing.T) {
	for name, use := range map[string]func(*testing.T, *source.Session){
		"at once":       func(*testing.T, *source.Session) {},
		"after a range": func(t *testing.T, s *source.Session) { assert.Equal(t, "1", take(t, s, 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var closed atomic.Int32
				body := closingBody{neverEnding{}, func() { time.Sleep(time.Second); closed.Add(1) }}
				session, err := source.NewClient(source.WithHTTPClient(respondingWith(body))).Open(t.Context(), "http://host.example/")
				require.NoError(t, err)
				use(t, session)
				assert.Zero(t, closed.Load())
				require.NoError(t, session.Close())
				assert.EqualValues(t, 1, closed.Load())
				require.NoError(t, session.Close())
				assert.EqualValues(t, 1, closed.Load(), "once")
			})
		})
	}
}

// A hook that panics while a session opens leaves no connection behind.
func TestPanicWhileASessionOpens(t *testing.T) {
	within(t, func(c *ssetest.Conn) { c.Open(); c.Hold() }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		trace := &source.Trace{Open: func(source.Attempt, *http.Response) { panic(errGone) }}
		assert.PanicsWithValue(t, errGone, func() { _, _ = client.Open(t.Context(), server.URL(), source.WithTrace(trace)) })
		assertLeft(t, server)
	})
}
