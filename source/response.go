package source

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rxsse/rxsse/internal/argument"
)

// errorBodyTime is how long to wait for the body of a refused response. A server that keeps
// such a response open delays the error no longer than this.
const errorBodyTime = 500 * time.Millisecond

// WithMaxErrorBody sets how many bytes of the body of a refused response are kept in
// Error.Body. The default is 64 KiB. A gzip body is decoded first. It panics if bytes is
// negative.
func WithMaxErrorBody(bytes int) Option {
	argument.MustNotBeNegative("source: WithMaxErrorBody: bytes", bytes)
	return func(c *config) { c.maxErrorBody = &bytes }
}

// accept returns nil if resp is an event stream, and otherwise what is wrong with it.
func (c config) accept(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w %s", ErrStatus, strings.TrimSpace(strconv.Itoa(resp.StatusCode)+" "+http.StatusText(resp.StatusCode)))
	}
	return c.checkContent(resp)
}

// refuse returns the outcome for a refused response, with the part of its body that arrives
// in time.
func (s *stream) refuse(a *attempt, resp *http.Response, reason error) *outcome {
	limit := 64 << 10
	if s.cfg.maxErrorBody != nil {
		limit = *s.cfg.maxErrorBody
	}
	timer := time.AfterFunc(errorBodyTime, func() { a.cancel(nil) })
	defer timer.Stop()
	start := readStart(resp, limit)
	return &outcome{kind: notAccepted, err: reason, answer: &answer{resp, start}}
}

// readStart returns up to limit bytes of the body, as many as arrive before the attempt is
// cancelled. A body whose header wrongly declares gzip is not decoded.
func readStart(resp *http.Response, limit int) []byte {
	if limit == 0 {
		return nil
	}
	body := bufio.NewReader(resp.Body)
	decoded := io.Reader(body)
	if mayBeGzip(body) {
		decoded = decodeContent(resp.Header, body)
	}
	start, _ := io.ReadAll(io.LimitReader(decoded, int64(limit)))
	return start
}
