package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// each runs a test against every router.
func each(t *testing.T, test func(t *testing.T, r *relay, url string)) {
	t.Helper()
	for _, router := range routers {
		t.Run(router.name, func(t *testing.T) {
			r := newRelay(newLogins(passwords()))
			server := httptest.NewServer(router.new(r))
			t.Cleanup(func() {
				r.board.BeginShutdown()
				server.Close()
				http.DefaultClient.CloseIdleConnections()
			})
			test(t, r, server.URL)
		})
	}
}

func TestDemonstration(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, nil))
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	require.Len(t, lines, 8, out.String())
	for _, line := range lines {
		assert.Regexp(t, `^(stdlib|chi|gin|echo) +(alice|bob) +orders in the first state: 3  changes after it: [ 1-9]\d  missing or twice: 0  of others: 0$`, line)
	}
	http.DefaultClient.CloseIdleConnections()
}

// Without a login, or with a wrong one, there is no stream.
func TestLogin(t *testing.T) {
	each(t, func(t *testing.T, _ *relay, url string) {
		for _, cookie := range []string{"", cookieName + "=forged"} {
			_, err := source.NewClient().Open(t.Context(), url+"/orders", source.WithHeader("Cookie", cookie))
			var refused *source.Error
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, http.StatusUnauthorized, refused.StatusCode)
			assert.Contains(t, string(refused.Body), "log in first")
		}
		for user, password := range map[string]string{"alice": "builder", "mallory": "", "": ""} {
			_, err := logIn(t.Context(), url, user, password)
			assert.ErrorContains(t, err, "401")
		}
		resp, err := http.Get(url + "/")
		require.NoError(t, err)
		page, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Contains(t, string(page), "new EventSource")
	})
}

// A browser that connects at any moment, while orders change, gets
// every version once, and none of another user.
func TestSnapshotAndChangesHaveNoGap(t *testing.T) {
	each(t, func(t *testing.T, r *relay, url string) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		cookie, err := logIn(ctx, url, "alice", "wonderland")
		require.NoError(t, err)
		stopped := make(chan error)
		changing, stop := context.WithCancel(ctx)
		go func() { // until stop
			// The history holds the changes of ten seconds at this pace, and a browser is away
			// for a tenth of one.
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			var err error
			for i := 0; changing.Err() == nil && err == nil; i++ {
				<-tick.C
				for _, user := range []string{"alice", "bob"} {
					err = errors.Join(err, r.change(ctx, Order{User: user, Number: len(user)*100 + i%3, Version: i/3 + 1}))
				}
			}
			stopped <- err
		}()
		for range 3 {
			session, err := source.NewClient().Open(ctx, url+"/orders", source.WithHeader("Cookie", cookie), source.WithReconnectionTime(0))
			require.NoError(t, err)
			var c checker
			for e, err := range session.Events() {
				require.NoError(t, err)
				if c.see(e); c.updates == 30 {
					session.Reconnect()
				}
				if c.updates > 100 {
					break
				}
			}
			require.NoError(t, session.Close())
			assert.Zero(t, c.gaps)
			assert.Zero(t, c.strangers("alice"))
			assert.LessOrEqual(t, c.first, 3)
		}
		stop()
		require.NoError(t, <-stopped)
	})
}

// A logout ends the streams of the login, and the next one is refused.
func TestLogout(t *testing.T) {
	each(t, func(t *testing.T, r *relay, url string) {
		require.NoError(t, r.change(t.Context(), Order{User: "bob", Number: 1, Version: 1, State: "placed"}))
		cookie, err := logIn(t.Context(), url, "bob", "builder")
		require.NoError(t, err)
		opts := []source.Option{source.WithHeader("Cookie", cookie), source.WithReconnectionTime(0)}
		var last error
		err = source.NewClient().Use(t.Context(), url+"/orders", func(s *source.Session) error {
			for e, err := range s.Events() {
				if last = err; err != nil {
					break
				}
				assert.Equal(t, Order{User: "bob", Number: 1, Version: 1, State: "placed"}, decode(e))
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/logout", nil)
				require.NoError(t, err)
				req.Header.Set("Cookie", cookie)
				resp, err := http.DefaultClient.Do(req)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				require.Equal(t, http.StatusNoContent, resp.StatusCode)
			}
			return nil
		}, opts...)
		require.NoError(t, err)
		var refused *source.Error
		require.ErrorAs(t, last, &refused)
		assert.Equal(t, http.StatusUnauthorized, refused.StatusCode)
	})
}

// When the feed has completed, browsers get 204 and do not reconnect.
func TestComplete(t *testing.T) {
	each(t, func(t *testing.T, r *relay, url string) {
		cookie, err := logIn(t.Context(), url, "alice", "wonderland")
		require.NoError(t, err)
		opts := []source.Option{source.WithHeader("Cookie", cookie), source.WithReconnectionTime(0)}
		err = source.NewClient().Use(t.Context(), url+"/orders", func(s *source.Session) error {
			relayed := make(chan error)
			go func() { relayed <- r.run(t.Context(), source.Just(Order{User: "alice", Number: 1, Version: 1})) }()
			n := 0
			for _, err := range s.Events() {
				require.NoError(t, err)
				n++
			}
			assert.Equal(t, 1, n)
			return <-relayed
		}, opts...)
		require.NoError(t, err)
	})
}

func TestServe(t *testing.T) {
	for _, router := range routers {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		var out bytes.Buffer
		require.NoError(t, run(ctx, &out, []string{"-addr", "127.0.0.1:0", "-router", router.name}), "Ctrl-C is a clean end")
		assert.Regexp(t, `^open http://127.0.0.1:\d+ .*\ninterrupted\n$`, out.String())
		cancel()
	}
}

// A signal ends the demonstration without an error, and the output says so.
func TestInterrupt(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(t.Context())
	defer time.AfterFunc(100*time.Millisecond, func() { interrupt(errors.New("signal")) }).Stop()
	var out bytes.Buffer
	require.NoError(t, run(ctx, &out, nil))
	assert.Equal(t, "interrupted\n", out.String())
}

func TestBadInput(t *testing.T) {
	feed := httptest.NewServer(http.NotFoundHandler())
	defer feed.Close()
	for want, args := range map[string][]string{
		`unexpected argument "x"; see -help`:                {"x"},
		`-router must be stdlib, chi, gin or echo, got "x"`: {"-addr", "127.0.0.1:0", "-router", "x"},
		"-url needs -addr":                                  {"-url", "http://localhost"},
		"listen tcp":                                        {"-addr", "127.0.0.1:99999"},
		"status 404":                                        {"-addr", "127.0.0.1:0", "-url", feed.URL},
	} {
		assert.ErrorContains(t, run(t.Context(), io.Discard, args), want)
	}
	assert.ErrorIs(t, run(t.Context(), io.Discard, []string{"-help"}), flag.ErrHelp)
}
