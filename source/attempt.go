package source

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// maxErrorBody is how much of an answer that was not expected is kept.
	maxErrorBody = 4 << 10
	// errorBodyTime is how long that may take to come.
	errorBodyTime = 5 * time.Second
)

// errNoContent means that the server answered 204.
var errNoContent = errors.New("source: no content")

// open makes one attempt: it returns a response whose body is an event stream.
func (s *stream) open() (*http.Response, error) {
	resp, err := s.answer()
	if err != nil {
		return nil, s.reason(err)
	}
	s.mu.Lock()
	s.response = resp
	s.mu.Unlock()
	if reason := refusal(resp, s.cfg.strict); reason != nil {
		defer resp.Body.Close()
		defer time.AfterFunc(errorBodyTime, s.line.cutter(nil)).Stop()
		return nil, s.refused(resp, reason)
	}
	return resp, nil
}

// answer sends the request and returns the header of what the server answers. All
// of that together has the connect timeout.
func (s *stream) answer() (*http.Response, error) {
	if d := s.cfg.connectTimeout; d > 0 {
		defer time.AfterFunc(d, s.line.cutter(fmt.Errorf("%w of %v", ErrConnectTimeout, d))).Stop()
	}
	req, err := s.request(s.line.ctx)
	if err != nil {
		return nil, err
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, unanswered(unwrapURL(err))
	}
	return resp, nil
}

// unanswered says more of an error for which there is no answer.
func unanswered(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		// As io.EOF it would pass for the orderly end of an answer.
		return fmt.Errorf("the server closed the connection without an answer: %w", io.ErrUnexpectedEOF)
	case strings.HasPrefix(err.Error(), "unsupported protocol scheme"):
		// A redirect; net/http has no type for this.
		return fmt.Errorf("%w: %w", ErrURL, err)
	}
	return err
}

// refusal returns what is wrong with resp, nil if it is an event stream.
func refusal(resp *http.Response, strict bool) error {
	switch contentType := resp.Header.Get("Content-Type"); {
	case resp.StatusCode == http.StatusNoContent && !strict:
		return errNoContent
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%w %s", ErrStatus, strings.TrimSpace(strconv.Itoa(resp.StatusCode)+" "+http.StatusText(resp.StatusCode)))
	case !isEventStream(contentType):
		return fmt.Errorf("%w %.100q, want \"text/event-stream\"", ErrContentType, contentType)
	}
	return nil
}

// refused reads the beginning of the body of an answer that is refused.
func (s *stream) refused(resp *http.Response, reason error) *Error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	return &Error{
		Method:     resp.Request.Method,
		URL:        s.cfg.redact(resp.Request.URL),
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
