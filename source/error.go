package source

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/rxsse/rxsse/codec"
)

// An Error says why a stream or a connection ended. Fields that do not apply are zero.
type Error struct {
	// Method and URL are those of the newest request. The URL is as [WithPrepare] left it,
	// and after redirects if the server's answer was the reason. It is shown without user,
	// password and fragment, with only the names of its query, and cut to a thousand bytes.
	Method string
	URL    string
	// StatusCode, Header and Body are those of the response, if the server's answer was the
	// reason. Body is the part that arrived within half a second, up to the limit of
	// [WithMaxErrorBody].
	StatusCode int
	Header     http.Header
	Body       []byte
	// LastEventID is the last event ID that the stream had received.
	LastEventID string
	// Attempts is the number of attempts in a row that failed, including this one.
	Attempts int
	// TailLines are the last lines that the stream received, and TailEvents the last events
	// that it delivered, if [WithErrorTail] is set.
	TailLines  []string
	TailEvents []codec.Event
	// Err is the reason: an error of the network, the HTTP client or the decoder, or one of
	// the errors of this package. Its text shows URLs as above. The errors it wraps are
	// unchanged, so their own texts may show more.
	Err error
}

// Reasons why a stream, an attempt or a connection ends. An [Error] wraps them; test for
// one with [errors.Is]. Failures of the network and of the decoder have their own error
// types, such as *net.OpError and *codec.SizeError; use [errors.As].
var (
	// ErrStatus is the reason when the server answered with a status other than 200.
	ErrStatus = errors.New("status")
	// ErrContentType is the reason when the server's answer was not an event stream.
	ErrContentType = errors.New("unexpected content type")
	// ErrContentEncoding is the reason when a response has a content encoding other than
	// gzip, or claims gzip and is not; see [WithCompression].
	ErrContentEncoding = errors.New("content encoding")
	// ErrRedirects is the reason when the server redirects more than ten times, usually in
	// a loop. [http.Client.CheckRedirect] sets another policy.
	ErrRedirects = errors.New("stopped after 10 redirects")
	// ErrEnded is the reason when the server ended the response cleanly. Only the function
	// of [WithRetryIf] sees it; no stream fails with it.
	ErrEnded = errors.New("the server ended the response")
	// ErrEndedEarly is the reason when [WithMaxAttempts] or Backoff.GiveUpAfter ends the
	// stream after a response that the server ended cleanly, but before the connection was
	// healthy; see [WithHealthyAfter].
	ErrEndedEarly = errors.New("the server ended the response early")
	// ErrNotSentAgain is the reason when the server has accepted the request, or may have,
	// and [WithReconnect] says not to send it again. It is wrapped together with the error
	// that ended the connection or the attempt.
	ErrNotSentAgain = errors.New("the server may have acted on the request, so it is not sent again")
	// ErrRequest is the reason when the request cannot be sent: its URL, or one that the
	// server redirects to, is unusable; its method or header is invalid; over HTTP/2, its
	// header is larger than the server allows; its GetBody failed; or its body cannot be
	// sent again, see [Client.ObserveRequest].
	ErrRequest = errors.New("the request cannot be sent")
	// ErrConnectTimeout is the reason when the server did not accept in time; see
	// [WithConnectTimeout].
	ErrConnectTimeout = errors.New("no answer within the connect timeout")
	// ErrIdleTimeout is the reason when a connection was silent for too long; see
	// [WithIdleTimeout].
	ErrIdleTimeout = errors.New("no data within the idle timeout")
	// ErrCheckpoint is the reason when the position could not be loaded; see
	// [WithCheckpoint].
	ErrCheckpoint = errors.New("the checkpoint cannot be loaded")
)

var errURL = fmt.Errorf("%w: unusable URL", ErrRequest)

// Error returns a message with the request, the reason, the first 200 bytes of the body,
// and the last event ID.
func (e *Error) Error() string {
	return fmt.Sprintf("source: %s %s: %s", e.Method, cmp.Or(e.URL, `""`), e.reason())
}

// reason returns the part of the message after the request.
func (e *Error) reason() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%.1000v", e.Err) // a reason may quote the server
	if body := bytes.TrimSpace(e.Body); len(body) > 0 {
		// Servers repeat the URL in it: "Cannot GET /events?key=secret".
		fmt.Fprintf(&b, ": %.200q", redactText(string(body[:min(len(body), maxShownURL)]), nil))
	}
	if e.LastEventID != "" {
		fmt.Fprintf(&b, " (after event %.100q", e.LastEventID)
		if refusesLastEventID(e.StatusCode) {
			b.WriteString("; if the server no longer has it, WithLastEventIDReset starts over")
		}
		b.WriteByte(')')
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (%d attempts)", e.Attempts)
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }
