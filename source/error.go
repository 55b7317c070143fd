package source

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/rxsse/rxsse/codec"
)

// An Error says why a stream ended, or why a connection did. Fields that do not
// apply are zero.
type Error struct {
	// Method and URL are those of the newest request, the URL as [WithPrepare] has left
	// it, and after redirects if the server's answer was the reason. It has neither user
	// nor password nor fragment, of its query only the names, and at most a thousand bytes.
	Method string
	URL    string
	// StatusCode, Header and Body are of the response, if the server's answer was
	// the reason: the part of the body that arrived within half a second, up to the
	// 64 KiB of [WithMaxErrorBody].
	StatusCode int
	Header     http.Header
	Body       []byte
	// LastEventID is the last event ID that the stream had received.
	LastEventID string
	// Attempts is how many attempts in a row have failed, this one included.
	Attempts int
	// TailLines are the last lines that the stream had received, TailEvents the last events
	// that it had delivered, if [WithErrorTail] asked for them.
	TailLines  []string
	TailEvents []codec.Event
	// Err is the reason: an error of the network, of the HTTP client, of the
	// decoder, or one of this package that says what was wrong with the response. Its
	// text shows URLs as above, wherever they come from. [errors.As] finds the errors
	// that it wraps as they were, with all that their own texts show.
	Err error
}

// The reasons why a stream, an attempt or a connection ends. An [Error] wraps them: test
// for one with [errors.Is]. Failures of the network and of the decoder have errors of
// their own, such as *net.OpError and *codec.SizeError: find those with [errors.As].
var (
	// ErrStatus is the reason when the server answered with a status that is not
	// 200.
	ErrStatus = errors.New("status")
	// ErrContentType is the reason when the server's answer was not an event stream.
	ErrContentType = errors.New("unexpected content type")
	// ErrContentEncoding is the reason when the body of a response is compressed in a way
	// that is not decoded, or not in the way that its header says; see [WithCompression].
	ErrContentEncoding = errors.New("content encoding")
	// ErrRedirects is the reason when the server redirects more than ten times, usually in
	// a circle. [http.Client.CheckRedirect] sets another policy.
	ErrRedirects = errors.New("stopped after 10 redirects")
	// ErrEnded is the reason when the server has ended the response in an orderly way.
	// [WithRetryIf] is called with it; no stream fails with it.
	ErrEnded = errors.New("the server ended the response")
	// ErrEndedEarly is the reason when [WithMaxAttempts] or Backoff.GiveUpAfter ends the
	// stream, and the server has ended the last response in an orderly way, but before an
	// event, or before the time of [WithHealthyAfter].
	ErrEndedEarly = errors.New("the server ended the response early")
	// ErrNotSentAgain is the reason when the server has accepted the request, or may have
	// done so, and [WithReconnect] says not to send it again. It comes with the error that
	// the connection or the attempt has ended with.
	ErrNotSentAgain = errors.New("the server may have acted on the request, so it is not sent again")
	// ErrRequest is the reason when the request cannot be sent: its URL is unusable, or one
	// that the server redirects to; its method or header is not valid, or the header over
	// HTTP/2 larger than the server allows; its GetBody has failed, or it has a body that
	// cannot be sent again, see [Client.ObserveRequest].
	ErrRequest = errors.New("the request cannot be sent")
	// ErrConnectTimeout is the reason when the server did not accept in time; see
	// [WithConnectTimeout].
	ErrConnectTimeout = errors.New("no answer within the connect timeout")
	// ErrIdleTimeout is the reason when a connection was silent for too long; see
	// [WithIdleTimeout].
	ErrIdleTimeout = errors.New("not a byte within the idle timeout")
	// ErrCheckpoint is the reason when the position could not be loaded; see
	// [WithCheckpoint].
	ErrCheckpoint = errors.New("the checkpoint cannot be loaded")
)

var errURL = fmt.Errorf("%w: unusable URL", ErrRequest)

// Error names the request, the reason with the first 200 bytes of the body, and the last
// event ID.
func (e *Error) Error() string { return fmt.Sprintf("source: %s %s: %s", e.Method, e.URL, e.reason()) }

// reason is the part of the message after the request.
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
			b.WriteString("; if the server no longer has it, WithLastEventIDReset begins anew")
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
