package source

import (
	"context"
	"iter"
	"net/http"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// SSE returns the stream of events that a GET of url delivers. It is
// [Client.Observe] on a client without defaults.
func SSE(url string, opts ...Option) rxsse.Observable[codec.Event] {
	return NewClient().Observe(url, opts...)
}

// A Client holds options that its streams have in common. It holds no connections, need
// not be closed, and may be used by several goroutines. The zero Client has no options.
type Client struct {
	config config
}

// NewClient returns a client whose streams have opts. The options of a stream override
// them.
func NewClient(opts ...Option) *Client {
	return &Client{config: config{}.with(opts)}
}

// Observe returns the stream of events that a GET of url delivers. The options apply to
// this stream, after those of the client. If url is not a URL of http or https, the stream
// fails with an [Error] that wraps [ErrRequest].
//
// The package documentation says how the stream reconnects and how it ends. It starts no
// goroutine while it waits, besides those of [net/http]; it reads only while the consumer
// waits for an event, and holds one event.
func (c *Client) Observe(url string, opts ...Option) rxsse.Observable[codec.Event] {
	cfg := c.config.with(opts)
	req, err := get(url)
	if err != nil {
		return Fail[codec.Event](err)
	}
	return cfg.observe(req)
}

// ObserveRequest returns the stream of events that req delivers: with another method, or
// a body. The context of req is ignored. Each attempt sends a clone of req; req itself is
// never modified. A field Last-Event-ID in its header is taken for [WithLastEventID].
//
// A request with a body needs GetBody, which [http.NewRequest] sets for the usual readers,
// so that each attempt can send the body. Once the server has accepted a request that is
// neither GET nor HEAD, it is not sent again: see [WithReconnect].
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
