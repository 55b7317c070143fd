package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"flag"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tail runs the program and returns what it prints, without the times.
func tail(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	require.NoError(t, run(t.Context(), &out, &errs, args))
	return regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d\d\d `).ReplaceAllString(out.String(), ""), errs.String()
}

func TestEmbeddedFeed(t *testing.T) {
	out, errs := tail(t)
	assert.Equal(t, ticks-4, strings.Count(out, "tick #"))
	assert.Equal(t, 4, strings.Count(out, "\n    one tick in five\n    is a note\n"))
	assert.Regexp(t, `(?m)^tick #\S+  \{"n": 0, "price": \{"EUR": 100.00\}\}$`, out)
	assert.Contains(t, errs, "tail: the server ended the response\ntail: trying again in ")
	assert.Contains(t, errs, "tail: connected again\n")
	assert.True(t, strings.HasSuffix(errs, "tail: the server completed the stream after 20 events\n"), errs)
}

// server sends these events to each client, and nothing to a client that has the last.
func server(t *testing.T, events ...codec.Event) *ssetest.Server {
	t.Helper()
	s := ssetest.NewServer(func(c *ssetest.Conn) {
		if c.LastEventID() == "last" {
			c.Answer(204, "")
		}
		c.Comment(" beat")
		c.Send(events...)
		c.Send(codec.Event{Retry: time.Millisecond}, codec.Event{Type: "end", ID: "last"})
	})
	t.Cleanup(s.Close)
	return s
}

func TestForms(t *testing.T) {
	s := server(t,
		codec.Event{Type: "price", ID: "1", Data: `{"a":[1,2]}`},
		codec.Event{Type: "price", ID: "2", Data: "{not JSON"},
		codec.Event{Type: "news", ID: "3", Data: "\x1b[31mred"})
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"plain", nil, "price #1  {\"a\":[1,2]}\nprice #2  {not JSON\nnews #3  ␛[31mred\nend #last  \n"},
		{"json", []string{"-json", "-n", "2"}, "price #1\n    {\n      \"a\": [\n        1,\n        2\n      ]\n    }\nprice #2  {not JSON\n"},
		{"raw", []string{"-raw", "-type", "price", "-n", "1"}, "event: price\ndata: {\"a\":[1,2]}\nid: 1\n\n"},
		{"types", []string{"-type", "news", "-type", "end"}, "news #3  ␛[31mred\nend #last  \n"},
		{"comments", []string{"-comments", "-type", "end"}, ": beat\nend #last  \n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, _ := tail(t, append(c.args, s.URL())...)
			assert.Equal(t, c.want, out)
		})
	}
}

func TestWritesAndGoesOn(t *testing.T) {
	s := server(t, codec.Event{Type: "a", ID: "1", Data: "x"})
	path := filepath.Join(t.TempDir(), "events.ndjson")
	_, errs := tail(t, "-o", path, "-n", "1", s.URL())
	assert.Empty(t, errs)
	_, errs = tail(t, "-o", path, "-n", "1", s.URL())
	assert.Equal(t, "tail: resuming after event 1\n", errs)
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat(`{"type":"a","data":"x","id":"1"}`+"\n", 2), string(written), "this server does not know where it was")
	requests := s.Requests()
	assert.Equal(t, "1", requests[1].Header.Get("Last-Event-ID"))

	tail(t, "-o", path, "-n", "1", "-last-event-id", "7", "-H", "Authorization: Bearer x", s.URL())
	requests = s.Requests()
	assert.Equal(t, "7", requests[2].Header.Get("Last-Event-ID"))
	assert.Equal(t, "Bearer x", requests[2].Header.Get("Authorization"))
}

// -d makes a POST; -v shows what is sent and answered, but no secret.
func TestVerbosePost(t *testing.T) {
	var body string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		body = r.Method + " " + r.Header.Get("Content-Type") + " " + string(sent)
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Set-Cookie", "session=secret")
		_, _ = io.WriteString(w, "id: 7\ndata: x\n\n")
	}))
	t.Cleanup(s.Close)
	out, errs := tail(t, "-v", "-d", `{"a":1}`, "-H", "X-My-Key: secret", "-H", "Authorization: Bearer secret", "-last-event-id", "6", s.URL+"/?token=secret")
	assert.Equal(t, `POST application/json {"a":1}`, body)
	assert.Equal(t, "message #7  x\n", out)
	assert.Contains(t, errs, "* attempt 1: POST http://127.0.0.1")
	assert.Contains(t, errs, "> X-My-Key: (6 bytes, not shown)\n")
	assert.Contains(t, errs, "> Authorization: (13 bytes, not shown)\n")
	assert.Contains(t, errs, "> Accept: text/event-stream\n")
	assert.Contains(t, errs, "< HTTP/1.1 200 OK\n")
	assert.Contains(t, errs, "< Set-Cookie: (14 bytes, not shown)\n")
	assert.Contains(t, errs, "* resumes after event 6\n")
	assert.Contains(t, errs, "tail: the server completed the stream after 1 events\n")
	assert.NotContains(t, errs, "secret")

	file := filepath.Join(t.TempDir(), "body")
	require.NoError(t, os.WriteFile(file, []byte("<a/>"), 0o600))
	tail(t, "-X", "PUT", "-d", "@"+file, "-H", "Content-Type: text/xml", s.URL)
	assert.Equal(t, "PUT text/xml <a/>", body)
}

// -v shows the request and the answer of a refusal too, in that order.
func TestVerboseRefusal(t *testing.T) {
	s := ssetest.NewServer(func(c *ssetest.Conn) {
		c.Header().Set("Retry-After", "7")
		c.Answer(http.StatusForbidden, "not for you")
	})
	t.Cleanup(s.Close)
	var errs bytes.Buffer
	err := run(t.Context(), io.Discard, &errs, []string{"-v", "-H", "Authorization: Bearer secret", "-last-event-id", "6", s.URL()})
	require.ErrorContains(t, err, "not for you")
	assert.Regexp(t, `(?s)^\* attempt 1: GET \S+
> Accept: text/event-stream
.*> Authorization: \(13 bytes, not shown\)
.*> Last-Event-Id: 6
.*\* resumes after event 6
< 403 Forbidden
.*< Retry-After: 7
`, errs.String())
	assert.NotContains(t, errs.String(), "secret")
}

// A server with an unknown certificate is refused, unless -k or -cacert trusts it.
func TestCertificates(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: x\n\n")
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600))
	for _, args := range [][]string{{"-k"}, {"-cacert", file}} {
		out, _ := tail(t, append(args, "-n", "1", s.URL)...)
		assert.Equal(t, "message  x\n", out)
	}
	assert.ErrorContains(t, run(t.Context(), io.Discard, io.Discard, []string{s.URL}), "certificate")
}

// -idle abandons a silent connection.
func TestIdle(t *testing.T) {
	s := ssetest.NewServer(func(c *ssetest.Conn) {
		if c.N > 1 {
			c.Answer(204, "")
		}
		c.Send(codec.Event{Retry: time.Millisecond}, codec.Event{Data: "x"})
		c.Sleep(time.Minute)
	})
	t.Cleanup(s.Close)
	_, errs := tail(t, "-idle", "50ms", s.URL())
	assert.Contains(t, errs, "tail: connection lost: source: GET "+s.URL())
	assert.Contains(t, errs, "no data within the idle timeout")
}

// A server that cannot be reached is tried again, and the user sees why.
func TestCannotConnect(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var errs bytes.Buffer
	require.NoError(t, run(ctx, io.Discard, &errs, []string{"127.0.0.1:1/?key=secret"}))
	assert.Regexp(t, `^tail: cannot connect: .*connection refused.*\ntail: trying again in \S+\ntail: interrupted after 0 events\n$`, errs.String())
	assert.NotContains(t, errs.String(), "secret")
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	assert.NoError(t, run(ctx, io.Discard, io.Discard, nil), "it is a clean end")
}

func TestBadInput(t *testing.T) {
	s := ssetest.NewServer(func(c *ssetest.Conn) { c.Answer(404, "no such stream") })
	t.Cleanup(s.Close)
	for want, args := range map[string][]string{
		"want one URL, after the flags; got 2 arguments": {"a", "b"},
		"flags go before the URL: -v":                    {"a", "-v"},
		"-idle must not be negative, got -1s":            {"-idle", "-1s"},
		"-d: open /nonexistent/x":                        {"-d", "@/nonexistent/x"},
		"-cacert: open /nonexistent/x":                   {"-cacert", "/nonexistent/x", "https://localhost"},
		"main_test.go holds no certificate in PEM":       {"-cacert", "main_test.go", "https://localhost"},
		"-n must not be negative, got -1":                {"-n", "-1"},
		"-raw and -json exclude each other":              {"-raw", "-json"},
		`-H wants "Name: value"`:                         {"-H", "x"},
		"unusable URL":                                   {"ftp://x"},
		"no such stream":                                 {s.URL()},
		"no such file or directory":                      {"-o", "/nonexistent/x", s.URL()},
	} {
		assert.ErrorContains(t, run(t.Context(), io.Discard, io.Discard, args), want)
	}
	assert.ErrorIs(t, run(t.Context(), io.Discard, io.Discard, []string{"-help"}), flag.ErrHelp)
}
