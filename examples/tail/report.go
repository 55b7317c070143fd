package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rxsse/rxsse/source"
)

// A reporter prints the state of the connection.
type reporter struct {
	w       io.Writer
	verbose bool
	open    bool // the current attempt was accepted
	failed  bool // the last one has ended
}

func newReporter(w io.Writer, verbose bool) *reporter { return &reporter{w: w, verbose: verbose} }

func (r *reporter) printf(format string, args ...any) { _, _ = fmt.Fprintf(r.w, format+"\n", args...) }

func (r *reporter) trace() *source.Trace {
	return &source.Trace{Connecting: r.connecting, Open: r.opened, Disconnected: r.disconnected, Waiting: r.waiting}
}

func (r *reporter) connecting(a source.Attempt) {
	r.open = false
	if r.verbose {
		r.printf("* attempt %d: %s %s", a.Number, a.Method, printable(a.URL))
	}
}

// prepared prints the request before it is sent, even if it will be refused.
func (r *reporter) prepared(req *http.Request) error {
	if r.verbose {
		r.header("> ", req.Header)
		if id := req.Header.Get("Last-Event-ID"); id != "" {
			r.printf("* resumes after event %s", printable(id))
		}
	}
	return nil
}

func (r *reporter) opened(_ source.Attempt, resp *http.Response) {
	r.open = true
	if r.verbose {
		r.printf("< %s %s", resp.Proto, printable(resp.Status))
		r.header("< ", resp.Header)
	}
	if r.failed {
		r.printf("tail: connected again")
	}
	r.failed = false
}

func (r *reporter) disconnected(_ source.Attempt, err error) {
	r.failed = true
	switch {
	case err == io.EOF: //nolint:errorlint // the hook's own convention
		r.printf("tail: the server ended the response")
	case r.open:
		r.printf("tail: connection lost: %s", printable(err.Error()))
	default:
		r.refused(err)
		r.printf("tail: cannot connect: %s", printable(err.Error()))
	}
}

// refused prints the status and the header of an answer that is no stream.
func (r *reporter) refused(err error) {
	var failed *source.Error
	if r.verbose && errors.As(err, &failed) && failed.StatusCode != 0 {
		r.printf("< %d %s", failed.StatusCode, http.StatusText(failed.StatusCode))
		r.header("< ", failed.Header)
	}
}

func (r *reporter) waiting(_ source.Attempt, d time.Duration) {
	r.printf("tail: trying again in %v", d.Round(time.Millisecond))
}

// header prints the fields of a header in order. It hides values that may be secret.
func (r *reporter) header(prefix string, header http.Header) {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			if !isPublic(name) {
				value = fmt.Sprintf("(%d bytes, not shown)", len(value))
			}
			r.printf("%s%s: %s", prefix, printable(name), printable(value))
		}
	}
}

// isPublic reports whether a field is known not to be secret. Others may be secret, since an
// API key can be in a field of any name.
func isPublic(name string) bool {
	switch name {
	case "Age", "Allow", "Alt-Svc", "Connection", "Date", "Expires", "Keep-Alive", "Last-Event-Id", "Retry-After",
		"Server", "Transfer-Encoding", "User-Agent", "Vary", "Via", "X-Accel-Buffering":
		return true
	}
	for _, prefix := range []string{"Accept", "Access-Control-", "Cache-Control", "Content-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
