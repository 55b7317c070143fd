package source

import (
	"cmp"
	"fmt"
	"net/http"
)

// A Reconnect says whether a stream sends its request again; see [WithReconnect].
type Reconnect int

const (
	// ReconnectAlways sends the request again after each attempt and each connection, as
	// long as [WithRetryIf], [WithMaxAttempts] and [Backoff] permit. It is the default for
	// GET and HEAD.
	ReconnectAlways Reconnect = iota + 1
	// ReconnectUntilAccepted sends the request again until the server has accepted it. The
	// stream then completes when the server ends the response cleanly, and fails with an
	// [Error] that wraps [ErrNotSentAgain] when the connection breaks. It is the default
	// for all other methods, such as the POST that asks a language model.
	//
	// A request that was sent and not answered may have been carried out, so it is not sent
	// again either, unless [WithRetryIf] says so.
	ReconnectUntilAccepted
	// ReconnectNever sends the request once. The stream fails when that attempt fails or
	// its connection breaks, and completes when the server ends the response cleanly.
	ReconnectNever
)

// WithReconnect sets whether the stream sends its request again. The default depends on the
// method: [ReconnectAlways] for GET and HEAD, which change nothing on the server, and
// [ReconnectUntilAccepted] for all others (RFC 9110 §9.2.2). It panics if r is none of the
// constants.
func WithReconnect(r Reconnect) Option {
	if r < ReconnectAlways || r > ReconnectNever {
		panic(fmt.Sprintf("source: WithReconnect: unknown value %d", r))
	}
	return func(c *config) { c.reconnect = r }
}

// reconnectPolicy returns whether a stream with this method sends its request again.
func (c config) reconnectPolicy(method string) Reconnect {
	byMethod := ReconnectUntilAccepted
	if method == http.MethodGet || method == http.MethodHead {
		byMethod = ReconnectAlways
	}
	return cmp.Or(c.reconnect, byMethod)
}

// WithRetryIf makes retry decide whether the stream continues; by default [Error.Temporary]
// does. Fall back on that for other errors:
//
//	source.WithRetryIf(func(e *source.Error) bool {
//		return e.Temporary() || e.StatusCode == http.StatusUnauthorized
//	})
//
// retry is called for each attempt that fails and each connection that breaks; false ends
// the stream with that error. It is also called, with an Error that wraps [ErrEnded], when
// the server ends a response cleanly; false then completes the stream. It is not called
// after 204, or where [WithReconnect] rules out another attempt. The waits and
// [WithMaxAttempts] still apply. retry runs on the goroutine that ranges over the stream.
func WithRetryIf(retry func(*Error) bool) Option {
	return func(c *config) { c.retryIf = retry }
}

// WithMaxAttempts ends the stream when n attempts in a row have failed, with the error of
// the last, or with one that wraps [ErrEndedEarly] if the server ended the last response
// cleanly. A healthy connection, one that delivers an event or lasts for half a minute,
// resets the count; see [WithHealthyAfter]. By default there is no limit. To send a request
// only once, use [WithReconnect]. It panics if n is less than 1.
func WithMaxAttempts(n int) Option {
	if n < 1 {
		panic(fmt.Sprintf("source: WithMaxAttempts: %d is less than 1; WithReconnect(ReconnectNever) sends the request once", n))
	}
	return func(c *config) { c.maxAttempts = n }
}

// retry reports whether a stream continues after a failure.
func (c config) retry(e *Error) bool {
	switch {
	case c.strict:
		return e.Temporary() && e.StatusCode == 0
	case c.retryIf != nil:
		return c.retryIf(e)
	}
	return e.Temporary()
}
