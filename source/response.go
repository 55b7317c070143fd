package source

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rxsse/rxsse/internal/argument"
)

// errorBodyTime is how long the body of an answer that is refused may take to arrive. A
// server that keeps such an answer open does not delay the error for longer.
const errorBodyTime = 500 * time.Millisecond

// WithMaxErrorBody sets how much of the body of an answer that is refused is kept, in
// [Error].Body: 64 KiB by default. A body in gzip is decoded first. It panics if bytes is negative.
func WithMaxErrorBody(bytes int) Option {
	argument.MustNotBeNegative("source: WithMaxErrorBody: bytes", bytes)
	return func(c *config) { c.maxErrorBody = &bytes }
}

// errNoContent means that the server answered 204.
var errNoContent = errors.New("source: no content")

// accept returns nil if resp is an event stream, and otherwise what is wrong with it.
func (c config) accept(resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusNoContent && !c.strict:
		return errNoContent
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%w %s", ErrStatus, strings.TrimSpace(strconv.Itoa(resp.StatusCode)+" "+http.StatusText(resp.StatusCode)))
	}
	return c.checkContent(resp)
}

// refuse returns the outcome of an attempt whose answer is refused, with as much of the
// answer's body as arrives soon.
func (s *stream) refuse(a *attempt, resp *http.Response, reason error) *outcome {
	if errors.Is(reason, errNoContent) {
		return &outcome{kind: noContent}
	}
	limit := 64 << 10
	if s.cfg.maxErrorBody != nil {
		limit = *s.cfg.maxErrorBody
	}
	timer := time.AfterFunc(errorBodyTime, func() { a.cancel(errRefused) })
	defer timer.Stop()
	start, _ := io.ReadAll(io.LimitReader(decodeContent(resp.Header, resp.Body), int64(limit))) // what has arrived is enough
	return &outcome{kind: notAccepted, err: reason, answer: &answer{resp, start}}
}

// errRefused cancels an attempt whose answer is refused.
var errRefused = errors.New("source: refused")
