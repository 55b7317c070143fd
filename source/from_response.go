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

var errResponseRead = errors.New("source: FromResponse: the response was read before; its events come once")

// FromResponse returns the events of a response that the program has already received, for
// example because the server answers with JSON or with a stream. The stream never sends a
// request: it completes when the response ends in order, and fails with an [Error] when the
// connection breaks. Then Error.LastEventID says where a new request can resume.
//
// As with [SSE], a response that is no event stream fails with an Error that has its status
// and the beginning of its body, and 204 completes. Options for reading apply, such as
// [WithIdleTimeout], [WithMaxEventSize] and [WithMeter]; those for connecting have no
// effect.
//
// The stream can be ranged over once. The range closes the body when it ends, in whatever
// way; cancelling its context interrupts a read. Give the request the same context: from Go
// 1.27 on, the bodies of net/http otherwise take 50 ms to end a read after they are closed,
// and for ever in a bubble of testing/synctest. A program that never ranges closes the body
// itself. FromResponse panics if resp or its body is nil.
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
