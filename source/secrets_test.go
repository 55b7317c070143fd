package source_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// An unloadable checkpoint fails to load.
type unloadable struct{ err error }

func (c unloadable) Load(context.Context) (string, error) { return "", c.err }
func (unloadable) Save(context.Context, string) error     { return nil }

// Nothing that a stream reports shows user, password, query values or a fragment, wherever
// they come from and however deeply they are nested.
func TestNothingReportedShowsSecrets(t *testing.T) {
	const withSecrets = "https://topsecret:topsecret@token.example/topic?key=topsecret#topsecret"
	broken := &url.Error{Op: "Get", URL: withSecrets, Err: errors.New("connection refused")}
	_, unparsable := url.Parse("https://user:topsecret") //nolint:staticcheck // it is meant not to parse
	nested := map[string]error{
		"an error of net/http": broken,
		"one inside another":   &url.Error{Op: "Post", URL: withSecrets, Err: broken},
		"one that is wrapped":  fmt.Errorf("token: %w", fmt.Errorf("oauth: %w", broken)),
		"one of several":       errors.Join(io.ErrUnexpectedEOF, broken),
		"one as text":          fmt.Errorf("token: %w, %q", broken, broken.Error()),
		"one of net/url":       fmt.Errorf("proxy: %w", unparsable),
		"a proxy":              errors.New(`invalid proxy address "topsecret:topsecret@proxy.example:3128"`),
	}
	type path struct {
		url  string
		opts func(err error, http *http.Client) []source.Option
	}
	fails := func(opt func(err error, client *http.Client) source.Option) path {
		return path{"", func(err error, client *http.Client) []source.Option { return []source.Option{opt(err, client)} }}
	}
	with := func(transport func(*http.Request) (*http.Response, error)) source.Option {
		return source.WithHTTPClient(&http.Client{Transport: roundTripper(transport)})
	}
	paths := map[string]path{
		"a RoundTripper that fails": fails(func(err error, _ *http.Client) source.Option {
			return with(func(*http.Request) (*http.Response, error) { return nil, err })
		}),
		"a body that fails": fails(func(err error, _ *http.Client) source.Option {
			return with(func(req *http.Request) (*http.Response, error) {
				return &http.Response{
					StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Request: req,
					Body: io.NopCloser(io.MultiReader(strings.NewReader("data: x\n"), failingReader{err})),
				}, nil
			})
		}),
		"a proxy that cannot be found": fails(func(err error, client *http.Client) source.Option {
			transport, ok := client.Transport.(*http.Transport)
			require.True(t, ok)
			transport = transport.Clone()
			transport.Proxy = func(*http.Request) (*url.URL, error) { return nil, err }
			return source.WithHTTPClient(&http.Client{Transport: transport})
		}),
		"a redirect that the user refuses": fails(func(err error, client *http.Client) source.Option {
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return err }
			return source.WithHTTPClient(client)
		}),
		"WithPrepare": fails(func(err error, _ *http.Client) source.Option {
			return source.WithPrepare(func(*http.Request) error { return err })
		}),
		"WithCheckpoint": fails(func(err error, _ *http.Client) source.Option {
			return source.WithCheckpoint(unloadable{err})
		}),
		"WithResponseCheck": fails(func(err error, client *http.Client) source.Option {
			client.CheckRedirect = func(req *http.Request, _ []*http.Request) error { return nil }
			return source.WithResponseCheck(func(*http.Response) error { return err })
		}),
	}
	for name, p := range paths {
		for kind, err := range nested {
			t.Run(name+", "+kind, func(t *testing.T) {
				testSecrets(t, "http://topsecret:topsecret@ssetest.test/path?key=topsecret#topsecret", "/moved?key=topsecret", func(client *http.Client) []source.Option {
					return p.opts(err, client)
				})
			})
		}
	}
	for name, u := range map[string]string{
		"a password for a port":    "http://user:topsecret",
		"a slash too few":          "http:/topsecret:topsecret@host/topic?key=topsecret",
		"a token, a slash missing": "http:/topsecret@host/",
		"no slash":                 "http:topsecret:topsecret@host/topic?key=topsecret",
		"a slash too many":         "http:///topsecret:topsecret@host/topic?key=topsecret",
		"no scheme":                "topsecret:topsecret@host/topic?key=topsecret",
		"an unknown scheme":        "gopher://topsecret:topsecret@host/topic?key=topsecret",
		"a blank in the host":      "http://topsecret:topsecret@ho st/topic?key=topsecret",
		"half an address":          "http://topsecret:topsecret@[::1/topic?key=topsecret",
		"a control character":      "http://topsecret:topsecret@host/\x7ftopic?key=topsecret",
		"nobody there":             "http://topsecret:topsecret@127.0.0.1:1/topic?key=topsecret#topsecret",
	} {
		t.Run("the URL, "+name, func(t *testing.T) { testSecrets(t, u, "", nil) })
	}
	for name, location := range map[string]string{
		"another host":      "http://topsecret:topsecret@other.example/?key=topsecret#topsecret",
		"another scheme":    "gopher://topsecret:topsecret@host/?key=topsecret",
		"no URL":            "http://topsecret:topsecret/",
		"no host":           "http:///?key=topsecret",
		"a slash too few":   "http:/topsecret:topsecret@host/?key=topsecret",
		"no slash":          "http:topsecret:topsecret@host/?key=topsecret",
		"another path":      "/?key=topsecret#topsecret",
		"a broken escape":   "/%zz?key=topsecret",
		"control character": "http://topsecret:topsecret@host/\x01?key=topsecret",
	} {
		t.Run("a redirect, "+name, func(t *testing.T) {
			testSecrets(t, "http://topsecret:topsecret@ssetest.test/path?key=topsecret#topsecret", location, nil)
		})
	}
}

// testSecrets runs a stream that fails, and checks all that it reports. The server
// redirects the first request to location, unless that is empty.
func testSecrets(t *testing.T, url, location string, opts func(*http.Client) []source.Option) {
	within(t, func(c *ssetest.Conn) {
		switch {
		case location != "" && c.N%2 == 1:
			c.Header().Set("Location", location)
			c.Answer(http.StatusFound, "")
		case opts != nil:
			c.Drop()
		default:
			c.Answer(http.StatusServiceUnavailable, "Cannot GET /path?key=topsecret")
		}
	}, func(t *testing.T, server *ssetest.Server, _ *source.Client) {
		var reported bytes.Buffer
		var shown []any
		trace := &source.Trace{
			Connecting:   func(a source.Attempt) { shown = append(shown, a) },
			Open:         func(a source.Attempt, _ *http.Response) { shown = append(shown, a) },
			Disconnected: func(a source.Attempt, err error) { shown = append(shown, a, err) },
			Waiting:      func(a source.Attempt, _ time.Duration) { shown = append(shown, a) },
		}
		debug := &slog.HandlerOptions{Level: slog.LevelDebug}
		all := []source.Option{source.WithHTTPClient(server.Client()), source.WithTrace(trace), source.WithMaxAttempts(2)}
		if opts != nil {
			all = append(all, opts(server.Client())...)
		}
		for _, log := range []slog.Handler{slog.NewJSONHandler(&reported, debug), slog.NewTextHandler(&reported, debug)} {
			_, err := sink.Collect(t.Context(), source.SSE(url, append(all, source.WithLogger(slog.New(log)))...))
			require.Error(t, err)
			shown = append(shown, err)
			_, err = source.NewClient(append(all, source.WithLogger(slog.New(log)))...).Open(t.Context(), url)
			if err != nil {
				shown = append(shown, err)
			}
		}
		for _, v := range shown {
			fmt.Fprintf(&reported, "%v %+v\n", v, v)
			var failure *source.Error
			if err, ok := v.(error); ok && errors.As(err, &failure) {
				fmt.Fprintf(&reported, "%s %s %v\n", failure.Method, failure.URL, failure.Err)
			}
		}
		assert.Contains(t, reported.String(), "source: ")
		assert.NotContains(t, reported.String(), "topsecret")
	})
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }
