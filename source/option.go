package source

import (
	"fmt"
	"net/http"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// An Option changes how a stream is opened and kept open. Given to [NewClient] it
// is a default, given for one stream it holds for that stream alone.
type Option func(*config)

// DefaultReconnectionTime is how long a client waits before it connects again,
// unless it or the server says otherwise.
const DefaultReconnectionTime = 3 * time.Second

type config struct {
	http             *http.Client
	header           http.Header
	reconnectionTime *time.Duration
	maxAttempts      *int
	lastEventID      string
	decoder          []codec.DecoderOption
	trace            *Trace
}

// with returns c with opts on top. c is left as it is.
func (c config) with(opts []Option) config {
	c.header = c.header.Clone()
	c.decoder = append([]codec.DecoderOption(nil), c.decoder...)
	for _, opt := range opts {
		opt(&c)
	}
	return c
}

// WithHTTPClient has connections made by client, [http.DefaultClient] by default:
// to set a proxy, TLS, a cookie jar, a redirect policy. The stream uses a copy of
// it whose Timeout is not applied, since that would cut off a healthy stream.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) { c.http = client }
}

// WithHeader sets a header field of every request, in place of the client's
// default or the request's own field of that name. Without it, requests say
// "Accept: text/event-stream" and "Cache-Control: no-cache".
//
// When the server redirects to another host, or from https to http, only fields
// that are known to be no secret go along: Accept and its kin, Cache-Control,
// Content-Type and its kin, Last-Event-ID, User-Agent. A field Host changes the
// host asked for, and Last-Event-ID is taken for [WithLastEventID].
func WithHeader(key, value string) Option {
	return func(c *config) {
		if c.header == nil {
			c.header = http.Header{}
		}
		c.header.Set(key, value)
	}
}

// WithReconnectionTime sets how long to wait before connecting again after a
// connection has ended: 3 seconds by default. A server's "retry:" changes it for
// the rest of the stream. It panics if d is negative; 0 stands for 100 ms, so that
// a server that closes each connection at once is not asked without pause.
func WithReconnectionTime(d time.Duration) Option {
	if d < 0 {
		panic(fmt.Sprintf("source: WithReconnectionTime: negative duration %v", d))
	}
	return func(c *config) { c.reconnectionTime = &d }
}

// WithMaxAttempts ends the stream when n attempts in a row have failed, with the
// error of the last. A connection that delivers an event, or lasts for half a
// minute, has not failed and begins the count anew.
// By default there is no limit. With 0 the client never reconnects: the stream
// fails when the first attempt does, and when the connection breaks, and it
// completes when the server ends the response in an orderly way. It panics if n is
// negative.
func WithMaxAttempts(n int) Option {
	if n < 0 {
		panic(fmt.Sprintf("source: WithMaxAttempts: negative number %d", n))
	}
	return func(c *config) { c.maxAttempts = &n }
}

// WithLastEventID has the first connection ask for the events after id, as if
// the stream had seen that event: to go on where an earlier run of the program
// stopped.
func WithLastEventID(id string) Option {
	return func(c *config) { c.lastEventID = id }
}

// WithMaxEventSize sets how many bytes an event may have before the stream ends
// with an [Error] that wraps a [codec.SizeError]; see [codec.WithMaxEventSize].
// The default is 16 MiB.
func WithMaxEventSize(bytes int) Option {
	opt := codec.WithMaxEventSize(bytes)
	return func(c *config) { c.decoder = append(c.decoder, opt) }
}

// WithComments has comments delivered as events of their own, without a Type:
// servers send them as heartbeats. By default they are skipped.
func WithComments() Option {
	return func(c *config) { c.decoder = append(c.decoder, codec.WithComments()) }
}

// WithRetryEvents has changes of the reconnection time delivered as events of
// their own, without a Type. By default they only take effect.
func WithRetryEvents() Option {
	return func(c *config) { c.decoder = append(c.decoder, codec.WithRetryEvents()) }
}

// WithTrace has the hooks of t called.
func WithTrace(t *Trace) Option {
	return func(c *config) { c.trace = t }
}
