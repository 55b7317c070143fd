package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxErrorBody is how much of an answer that was not expected is kept.
const maxErrorBody = 4 << 10

// errNoContent means that the server answered 204.
var errNoContent = errors.New("source: no content")

// open makes one attempt: it returns a response whose body is an event stream.
func (s *stream) open(ctx context.Context) (*http.Response, error) {
	req, err := s.request(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	if err := s.check(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// request returns a copy of the stream's request, as it is sent this time.
func (s *stream) request(ctx context.Context) (*http.Request, error) {
	req := s.req.Clone(ctx)
	if req.Body != nil && req.Body != http.NoBody {
		if req.GetBody == nil {
			return nil, ErrNoGetBody
		}
		body, err := req.GetBody()
		if err != nil {
			return nil, fmt.Errorf("GetBody: %w", err)
		}
		req.Body = body
	}
	if req.Header == nil {
		req.Header = http.Header{}
	}
	setDefault(req.Header, "Accept", "text/event-stream")
	setDefault(req.Header, "Cache-Control", "no-cache")
	maps.Copy(req.Header, s.cfg.header)
	if isHeaderValue(s.lastEventID) {
		req.Header.Set("Last-Event-ID", s.lastEventID)
	}
	return req, nil
}

func setDefault(header http.Header, key, value string) {
	if _, set := header[key]; !set {
		header.Set(key, value)
	}
}

// isHeaderValue reports whether an id is one to send: not empty, and without
// characters that net/http refuses, for which every later attempt would fail.
func isHeaderValue(id string) bool {
	for i := range len(id) {
		if c := id[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return id != ""
}

// check returns nil if resp is an event stream. It reads the beginning of the
// body of one that is not.
func (s *stream) check(resp *http.Response) error {
	var reason error
	switch contentType := resp.Header.Get("Content-Type"); {
	case resp.StatusCode == http.StatusNoContent:
		return errNoContent
	case resp.StatusCode != http.StatusOK:
		reason = fmt.Errorf("%w %d %s", ErrStatus, resp.StatusCode, http.StatusText(resp.StatusCode))
	case !isEventStream(contentType):
		reason = fmt.Errorf("%w %.100q, want \"text/event-stream\"", ErrContentType, contentType)
	default:
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	return &Error{
		Method:     resp.Request.Method,
		URL:        redact(resp.Request.URL),
		StatusCode: resp.StatusCode,
		Header:     resp.Header,
		Body:       body,
		Err:        reason,
	}
}

// isEventStream compares the type alone: parameters may say anything, and
// anything but UTF-8 is against the standard (WHATWG HTML §9.2.5).
func isEventStream(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return false
	}
	return mediaType == "text/event-stream"
}

// isTemporary reports whether an answer with this status may be another one
// later.
func isTemporary(status int) bool {
	return status == http.StatusTooManyRequests || status >= 500
}

// retryAfter returns how long the server asks to wait: a number of seconds or a
// date (RFC 9110 §10.2.3), 0 if it says nothing that can be understood.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
