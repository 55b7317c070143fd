package source

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rxsse/rxsse/internal/argument"
)

// WithPrepare calls prepare with the request of each attempt before it is sent, for example
// to set a fresh token or to change the URL. prepare runs on the goroutine that ranges over
// the stream. If it blocks, it should watch the request's context.
//
// A URL with another host sends the attempt to another server, such as a replica; the
// example shows a failover. All header fields of the stream are sent there, including
// Authorization. The Host field follows the URL, unless WithHeader, the request or prepare
// sets another Host.
//
// If prepare returns an error, the attempt fails with an [Error] that wraps it, and is
// tried again like any other; [WithRetryIf] can make it final. By default the status 401 is
// final; to fetch a new token and try again, use WithRetryIf.
//
// A Last-Event-ID that prepare sets or deletes applies only to this request. A body that it
// sets replaces the request's; prepare should also set ContentLength if it is known. Such a
// body is not sent again after a redirect.
func WithPrepare(prepare func(*http.Request) error) Option {
	return func(c *config) { c.prepare = prepare }
}

// WithConnectTimeout gives up an attempt when the server has not accepted the request
// within d. The time begins with the preparation of the request, includes redirects, and
// ends with the header of the response. The failure is an [Error] that wraps
// [ErrConnectTimeout]. By default only the timeouts of the HTTP client's transport apply,
// since some servers send the header with the first event. It panics if d is negative; 0
// means the default.
func WithConnectTimeout(d time.Duration) Option {
	argument.MustNotBeNegative("source: WithConnectTimeout: d", d)
	return func(c *config) { c.connectTimeout = d }
}

// get returns a GET request.
func get(url string) (*http.Request, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil) //nolint:noctx // each attempt gets the subscriber's
	if err != nil {
		reason := fmt.Errorf("%w: it cannot be parsed: %s", errURL, withoutQuotes(unwrapURL(err).Error()))
		return nil, &Error{Method: http.MethodGet, URL: redactRaw(url), Err: reason}
	}
	return req, nil
}

// check returns an error for a request that no attempt could send.
func (c config) check(req *http.Request) error {
	if err := checkURL(req.URL); err != nil {
		return &Error{Method: method(req), URL: c.redact(req.URL), Err: err}
	}
	return nil
}

// newRequest returns the request of one attempt: a copy of the stream's.
func (s *stream) newRequest(ctx context.Context) (*http.Request, error) {
	req := s.req.Clone(ctx)
	if req.Header == nil {
		req.Header = http.Header{}
	}
	setDefaultField(req.Header, "Accept", "text/event-stream")
	setDefaultField(req.Header, "Cache-Control", "no-cache")
	setDefaultField(req.Header, "Accept-Encoding", s.cfg.acceptEncoding())
	maps.Copy(req.Header, s.cfg.header.Clone()) // prepare may change the values
	s.setLastEventID(req.Header)
	s.requestURL = s.req.URL
	if err := s.prepare(req); err != nil {
		return nil, err
	}
	s.requestURL = req.URL
	if err := checkURL(req.URL); err != nil {
		return nil, err
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host // net/http ignores the field in the header
	}
	if !isToken(method(req)) {
		return nil, fmt.Errorf("%w: invalid method %.100q", ErrRequest, req.Method)
	}
	if err := checkHeader(req.Header); err != nil {
		return nil, err
	}
	return req, nil
}

const lastEventIDField = "Last-Event-ID"

// setLastEventID sets the field that says where to resume, replacing one that said where to
// begin.
func (s *stream) setLastEventID(header http.Header) {
	header.Del(lastEventIDField)
	switch {
	case s.lastEventID == "":
	case !isFieldValue(s.lastEventID) || strings.Trim(s.lastEventID, " \t") == "":
		s.notify(change{kind: idNotSent})
	default:
		header.Set(lastEventIDField, s.lastEventID)
	}
}

// prepare gives req its own body and calls the function of WithPrepare.
func (s *stream) prepare(req *http.Request) error {
	hasBody, getBody := req.Body != nil && req.Body != http.NoBody, req.GetBody
	if hasBody && getBody != nil {
		body, err := getBody()
		if err != nil {
			return fmt.Errorf("%w: GetBody: %w", ErrRequest, err)
		}
		req.Body = body
	}
	if s.cfg.prepare != nil {
		keepsBody, err := callPrepare(s.cfg.prepare, req)
		followURL(req, s.req)
		if err != nil || !keepsBody {
			return err
		}
	}
	if hasBody && getBody == nil {
		return fmt.Errorf("%w: it has a body but no GetBody to send it again", ErrRequest)
	}
	return nil
}

// followURL sets the Host of req to that of its URL, if prepare changed only the URL and
// the Host of the original request was that of its URL.
func followURL(req, original *http.Request) {
	if req.URL != nil && req.Host == original.Host && original.Host == original.URL.Host {
		req.Host = req.URL.Host
	}
}

// A preparedBody marks the body that a prepare function was given.
type preparedBody struct{ io.ReadCloser }

// callPrepare calls prepare and reports whether the request still has the body that prepare
// was given.
func callPrepare(prepare func(*http.Request) error, req *http.Request) (keepsBody bool, err error) {
	given, length := req.Body, req.ContentLength
	if given != nil {
		req.Body = &preparedBody{given}
	}
	err = prepare(req)
	kept, isKept := req.Body.(*preparedBody)
	switch {
	case err != nil:
		if given != nil {
			_ = given.Close() // nothing was sent
		}
		return false, fmt.Errorf("the request could not be prepared: %w", err)
	case isKept:
		req.Body = kept.ReadCloser
		return true, nil
	}
	if given != nil {
		_ = given.Close() // prepare has set another
	}
	if req.GetBody = nil; req.ContentLength == length {
		req.ContentLength = -1 // of the body that was replaced
	}
	if req.Body == nil {
		req.ContentLength = 0
	}
	return false, nil
}

func setDefaultField(header http.Header, key, value string) {
	if _, set := header[key]; !set {
		header.Set(key, value)
	}
}

// checkURL returns an error for a URL that no attempt could connect to.
func checkURL(u *url.URL) error {
	switch {
	case u == nil:
		return fmt.Errorf("%w: the request has no URL", errURL)
	case *u == (url.URL{}):
		return fmt.Errorf("%w: it is empty", errURL)
	case u.Scheme != "http" && u.Scheme != "https" && u.Opaque != "":
		return fmt.Errorf("%w: it has no \"http://\" or \"https://\"", errURL)
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: scheme %.20q, want \"http\" or \"https\"", errURL, u.Scheme)
	case u.Host == "":
		return fmt.Errorf("%w: it has no host", errURL)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("%w: port %.20q, want a number from 1 to 65535", errURL, port)
		}
	}
	return nil
}

// method returns the method of req; "" means GET.
func method(req *http.Request) string { return cmp.Or(req.Method, http.MethodGet) }

// checkHeader returns an error for a header that net/http would always refuse.
func checkHeader(header http.Header) error {
	for key, values := range header {
		if !isToken(key) {
			return fmt.Errorf("%w: invalid header field name %.100q", ErrRequest, beginning(key))
		}
		if slices.ContainsFunc(values, func(v string) bool { return !isFieldValue(v) }) {
			return fmt.Errorf("%w: header field %.100q: its value has a control character, such as a line break at its end", ErrRequest, key)
		}
	}
	return nil
}

// tchar are the characters of a token, such as a method or the name of a header field
// (RFC 9110 §5.6.2).
const tchar = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// isToken reports whether net/http accepts a text as a method or as a field name.
func isToken(text string) bool { return text != "" && strings.Trim(text, tchar) == "" }

// beginning returns a text up to and including the first character that a token cannot
// contain. A secret may follow it, as in "Authorization: Bearer …".
func beginning(text string) string {
	end := len(text) - len(strings.TrimLeft(text, tchar))
	_, size := utf8.DecodeRuneInString(text[end:])
	if end += size; end < len(text) {
		return text[:end] + "…"
	}
	return text
}

// isFieldValue reports whether net/http accepts a text as the value of a header field.
func isFieldValue(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
