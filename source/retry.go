package source

import (
	"cmp"
	"fmt"
	"net/http"
)

// A Reconnect says whether a stream sends its request again; see [WithReconnect].
type Reconnect int

const (
	// ReconnectAlways sends the request again after each attempt and each connection, for
	// as long as [WithRetryIf], [WithMaxAttempts] and [Backoff] let it. It is the default
	// for GET and HEAD.
	ReconnectAlways Reconnect = iota + 1
	// ReconnectUntilAccepted sends the request again until the server has accepted it, and
	// then never again: when the server ends the response in an orderly way the stream
	// completes, and when the connection breaks the stream fails with an [Error] that
	// wraps [ErrNotSentAgain]. It is the default for all other methods, such as the POST
	// that asks a language model.
	//
	// A request that was sent and not answered may have been carried out. That is final
	// too, unless [WithRetryIf] says otherwise.
	ReconnectUntilAccepted
	// ReconnectNever sends the request once. The stream fails when that attempt fails or
	// its connection breaks, and completes when the server ends the response in an
	// orderly way.
	ReconnectNever
)

// WithReconnect says whether the stream sends its request again. The default depends on
// the method: [ReconnectAlways] for GET and HEAD, which change nothing on the server, and
// [ReconnectUntilAccepted] for all others (RFC 9110 §9.2.2). It panics if r is none of
// the three.
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

// WithRetryIf makes retry decide whether the stream goes on; by default [Error.Temporary]
// does. Return that for errors that retry does not decide:
//
//	source.WithRetryIf(func(e *source.Error) bool {
//		return e.Temporary() || e.StatusCode == http.StatusUnauthorized
//	})
//
// It is called for each attempt that fails and each connection that breaks: false ends
// the stream with that error. It is also called when the server ends a response in an
// orderly way, with an Error that wraps [ErrEnded]: false completes the stream. It is not
// called after 204, nor where [WithReconnect] rules out another attempt. The waits and
// [WithMaxAttempts] apply as ever. The goroutine that ranges over the stream calls it.
func WithRetryIf(retry func(*Error) bool) Option {
	return func(c *config) { c.retryIf = retry }
}

// WithMaxAttempts ends the stream when n attempts in a row have failed, with the error of
// the last, or with one that wraps [ErrEndedEarly] if the server ended the last response
// in an orderly way. A connection that delivers an event, or lasts for half a minute, has
// not failed and starts the count anew; see [WithHealthyAfter]. By default there is no
// limit. To send a request once, use [WithReconnect]. It panics if n is less than 1.
func WithMaxAttempts(n int) Option {
	if n < 1 {
		panic(fmt.Sprintf("source: WithMaxAttempts: %d is less than 1; WithReconnect(ReconnectNever) sends the request once", n))
	}
	return func(c *config) { c.maxAttempts = n }
}

// retry reports whether a stream goes on after a failure.
func (c config) retry(e *Error) bool {
	switch {
	case c.strict:
		return e.Temporary() && e.StatusCode == 0
	case c.retryIf != nil:
		return c.retryIf(e)
	}
	return e.Temporary()
}
