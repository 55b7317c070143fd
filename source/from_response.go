package source

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

var errResponseRead = errors.New("source: FromResponse: the response was already read; it can be ranged over once")

// FromResponse returns the events of a response that the program has already received, for
// example from a server that answers either with JSON or with a stream. The stream never
// sends a request: it completes when the response ends cleanly, and fails with an [Error]
// when the connection breaks. Error.LastEventID then says where a new request can resume.
//
// As with [SSE], a response that is not an event stream fails with an Error that has its
// status and the beginning of its body, and 204 completes. Options for reading, such as
// [WithIdleTimeout], [WithMaxEventSize] and [WithMeter], apply; those for connecting have
// no effect.
//
// The stream can be ranged over once; a second range fails. However the range ends, it
// closes the body; a program that never ranges must close the body itself. Cancelling the
// context of the range interrupts a read. Give the request the same context: from Go 1.27
// on, net/http otherwise takes 50 ms to end a read after the body is closed, and forever in
// a testing/synctest bubble. FromResponse panics if resp or its body is nil.
func FromResponse(resp *http.Response, opts ...Option) rxsse.Observable[codec.Event] {
	if resp == nil || resp.Body == nil {
		panic("source: FromResponse: the response or its body is nil")
	}
	if resp.Request == nil || resp.Request.URL == nil { // made by hand
		withRequest := *resp
		withRequest.Request = &http.Request{Method: http.MethodGet, URL: &url.URL{}}
		resp = &withRequest
	}
	cfg := config{}.with(append(slices.Clone(opts), WithReconnect(ReconnectNever)))
	var ranged atomic.Bool
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			if ranged.Swap(true) {
				yield(codec.Event{}, errResponseRead)
				return
			}
			s := newStream(ctx, resp.Request, cfg)
			s.received = resp
			s.attempt.body = ownBody(s.attempt.ctx, resp.Body) //nolint:contextcheck // the attempt's context is that of the stream
			s.run(yield)                                       //nolint:contextcheck // a stream holds its context
		}
	}
}
