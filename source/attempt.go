package source

import (
	"context"
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
// It calls cancel, which cancels ctx, if an answer of another kind does not end.
func (s *stream) open(ctx context.Context, cancel context.CancelFunc) (*http.Response, error) {
	req, err := s.request(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, unanswered(unwrapURL(err))
	}
	if reason := refusal(resp); reason != nil {
		defer resp.Body.Close()
		defer time.AfterFunc(errorBodyTime, cancel).Stop()
		return nil, refused(resp, reason)
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
func refusal(resp *http.Response) error {
	switch contentType := resp.Header.Get("Content-Type"); {
	case resp.StatusCode == http.StatusNoContent:
		return errNoContent
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%w %s", ErrStatus, strings.TrimSpace(strconv.Itoa(resp.StatusCode)+" "+http.StatusText(resp.StatusCode)))
	case !isEventStream(contentType):
		return fmt.Errorf("%w %.100q, want \"text/event-stream\"", ErrContentType, contentType)
	}
	return nil
}

// refused reads the beginning of the body of an answer that is refused.
func refused(resp *http.Response, reason error) *Error {
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
