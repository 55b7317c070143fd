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
	// maxErrorBody is how much is kept of the body of an answer that is refused.
	maxErrorBody = 4 << 10
	// errorBodyTime is how long that may take to arrive.
	errorBodyTime = 5 * time.Second
)

// errNoContent means that the server answered 204.
var errNoContent = errors.New("source: no content")

// accept returns nil if resp is an event stream, and otherwise what is wrong with it.
func (c config) accept(resp *http.Response) error {
	switch contentType := resp.Header.Get("Content-Type"); {
	case resp.StatusCode == http.StatusNoContent && !c.strict:
		return errNoContent
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%w %s", ErrStatus, strings.TrimSpace(strconv.Itoa(resp.StatusCode)+" "+http.StatusText(resp.StatusCode)))
	case !isEventStream(contentType):
		return fmt.Errorf("%w %.100q, want \"text/event-stream\"", ErrContentType, contentType)
	}
	return nil
}

// refuse returns the outcome of an attempt whose answer is refused, with the start of
// the answer's body.
func refuse(a *attempt, resp *http.Response, reason error) *outcome {
	if errors.Is(reason, errNoContent) {
		return &outcome{kind: noContent}
	}
	timer := time.AfterFunc(errorBodyTime, func() { a.cancel(reason) })
	defer timer.Stop()
	start, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // as far as it can be read
	return &outcome{kind: notAccepted, err: reason, answer: &answer{resp, start}}
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
