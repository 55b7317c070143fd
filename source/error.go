package source

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// An Error says why a stream ended, or why a connection did. Fields that do not
// apply are zero.
type Error struct {
	// Method and URL are those of the request. The URL has neither user nor
	// password nor fragment, and of its query only the names.
	Method string
	URL    string
	// StatusCode, Header and Body are of the response, if the server's answer was
	// the reason: the body's first 4 KiB.
	StatusCode int
	Header     http.Header
	Body       []byte
	// LastEventID is the last event ID the stream had got to.
	LastEventID string
	// Attempts is how many attempts in a row have failed, this one included.
	Attempts int
	// Err is the reason: an error of the network, of the HTTP client, of the
	// decoder, or one of this package that says what was wrong with the response.
	Err error
}

var (
	// ErrStatus is the reason when the server answered with a status that is not
	// 200.
	ErrStatus = errors.New("unexpected status")
	// ErrContentType is the reason when the server's answer was no event stream.
	ErrContentType = errors.New("unexpected content type")
	// ErrURL is the reason when there is no such URL to connect to.
	ErrURL = errors.New("unusable URL")
	// ErrNoEvents is the reason when the server ended a response that had no
	// event, as often as [WithMaxAttempts] allows.
	ErrNoEvents = errors.New("the server ended the response before an event")
	// ErrNoGetBody is the reason when a request has a body that cannot be sent
	// again; see [Client.ObserveRequest].
	ErrNoGetBody = errors.New("the request has a body but no GetBody to send it again")
)

// Error names the request, the reason with the first 200 bytes of the body, and
// how far the stream had got.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "source: %s %s: %v", e.Method, e.URL, e.Err)
	if body := bytes.TrimSpace(e.Body); len(body) > 0 {
		fmt.Fprintf(&b, ": %.200q", body)
	}
	if e.LastEventID != "" {
		fmt.Fprintf(&b, " (after event %.100q)", e.LastEventID)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (%d attempts)", e.Attempts)
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// checkURL returns an error for what no attempt could connect to.
func checkURL(u *url.URL) error {
	switch {
	case u == nil:
		return fmt.Errorf("%w: the request has none", ErrURL)
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: scheme %.20q, want \"http\" or \"https\"", ErrURL, u.Scheme)
	case u.Host == "":
		return fmt.Errorf("%w: it names no host", ErrURL)
	}
	return nil
}

// method returns the method of req, which may leave GET out.
func method(req *http.Request) string {
	if req.Method == "" {
		return http.MethodGet
	}
	return req.Method
}

// redact returns a URL as it may be shown: queries carry keys.
func redact(u *url.URL) string {
	if u == nil {
		return ""
	}
	shown := *u
	shown.User = nil
	shown.Fragment, shown.RawFragment = "", ""
	if shown.RawQuery != "" {
		names := url.Values{}
		for name := range u.Query() {
			names.Set(name, "")
		}
		shown.RawQuery = strings.ReplaceAll(names.Encode(), "=", "=…")
	}
	return shown.String()
}

// redactRaw does what it can for a URL that cannot be parsed: no more than what
// comes before the first query, and nothing before an @.
func redactRaw(raw string) string {
	raw, _, _ = strings.Cut(raw, "?")
	raw, _, _ = strings.Cut(raw, "#")
	if i := strings.LastIndexByte(raw, '@'); i >= 0 {
		raw = "…" + raw[i:]
	}
	return raw
}

// unwrapURL returns the reason of a [url.Error], whose own message repeats the
// URL with what it should not show.
func unwrapURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
