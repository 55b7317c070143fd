package source

import (
	"context"
	"iter"
	"net/http"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// SSE returns the stream of events that a GET of url delivers. It is [Client.Observe] of
// the zero Client.
func SSE(url string, opts ...Option) rxsse.Observable[codec.Event] {
	return NewClient().Observe(url, opts...)
}

// A Client holds options that its streams have in common. It holds no connections, need not
// be closed, and is safe for concurrent use. The zero Client has no options.
type Client struct {
	config config
}

// NewClient returns a client whose streams have opts. The options of a stream override
// them.
func NewClient(opts ...Option) *Client {
	return &Client{config: config{}.with(opts)}
}

// Observe returns the stream of events that a GET of url delivers. The options apply to
// this stream, after those of the client. If url is not a valid http or https URL, the
// stream fails with an [Error] that wraps [ErrRequest].
//
// The package documentation says how the stream reconnects and how it ends. While it waits,
// the stream has no goroutines besides those of [net/http]. It reads only while the
// consumer waits for an event, and holds one event.
func (c *Client) Observe(url string, opts ...Option) rxsse.Observable[codec.Event] {
	cfg := c.config.with(opts)
	req, err := get(url)
	if err != nil {
		return Fail[codec.Event](err)
	}
	return cfg.observe(req)
}

// ObserveRequest is Observe for any request, for example a POST with a body. The context of
// req is ignored. Each attempt sends a clone of req; req itself is never modified. A
// Last-Event-ID field in its header acts as [WithLastEventID].
//
// A request with a body needs GetBody, which [http.NewRequest] sets for the usual readers,
// so that each attempt can send the body. A request other than GET or HEAD is not sent
// again once the server has accepted it, see [WithReconnect].
func (c *Client) ObserveRequest(req *http.Request, opts ...Option) rxsse.Observable[codec.Event] {
	return c.config.with(opts).observe(req)
}

func (c config) observe(req *http.Request) rxsse.Observable[codec.Event] {
	if err := c.check(req); err != nil {
		return Fail[codec.Event](err)
	}
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			newStream(ctx, req, c).run(yield) //nolint:contextcheck // a stream holds its context
		}
	}
}
