package source

import (
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// An Option changes how a stream connects and what it delivers. An option of [NewClient]
// applies to all streams of the client, an option of one stream to that stream only.
type Option func(*config)

type config struct {
	http    *http.Client
	header  http.Header
	prepare func(*http.Request) error

	reconnect        Reconnect      // 0: by method
	reconnectionTime *time.Duration // nil: the default
	backoff          Backoff
	maxAttempts      int // 0: no limit
	healthyAfter     time.Duration
	connectTimeout   time.Duration
	idleTimeout      time.Duration
	retryIf          func(*Error) bool
	strict           bool
	maxErrorBody     *int // nil: the default

	lastEventID string
	resetID     bool // forget the last event ID when the server refuses it
	checkpoint  Checkpoint
	window      int // of IDs whose duplicates are dropped

	decoder []codec.DecoderOption

	unterminated bool // deliver the last event of a response without its blank line

	compression   bool
	responseCheck func(*http.Response) error
	abandoned     *abandonedConns // of all streams of a client

	traces     []*Trace
	log        *slog.Logger
	meters     []*Meter
	visible    []string // names in the query whose values may be shown
	tailLines  int
	tailEvents int
}

// with returns c with opts on top. c is left as it is.
func (c config) with(opts []Option) config {
	c.header = c.header.Clone()
	c.decoder = slices.Clone(c.decoder)
	c.visible = slices.Clone(c.visible)
	c.traces = slices.Clone(c.traces)
	c.meters = slices.Clone(c.meters)
	if c.abandoned == nil {
		c.abandoned = new(abandonedConns)
	}
	for _, opt := range opts {
		opt(&c)
	}
	return c
}

// WithHTTPClient connects with client: use it to set a proxy, TLS, a cookie jar or a
// redirect policy. The stream uses a copy of it without its Timeout, which would cut off a
// healthy stream.
//
// A client without a Transport, and that is the default, connects with a copy of
// [http.DefaultTransport] that pings an HTTP/2 connection after 15 seconds of silence, and
// closes it if the server does not answer within 15 more. The copy is made when a stream
// first needs it. To have pings with a Transport of your own, set [http.Transport.HTTP2].
//
// After an idle timeout, a connect timeout or [Session.Reconnect], the next attempt uses
// another connection. An HTTP/2 connection is then taken out of the Transport's pool, also
// for other requests; those that it carries already go on. This works with an
// [http.Transport], an http2.Transport of golang.org/x/net, and RoundTrippers around one
// that pass on the context of the request. To take the connection out, the stream gives the
// RoundTripper a HEAD request with an invalid Host, which the Transport does not send.
//
// A RoundTripper of your own must return bodies whose Read ends when the request's context
// ends or when another goroutine calls Close, as those of net/http do. If the Close of a
// body waits for its Read instead, a stream that is cancelled or closed while it waits for
// an event ends only when that Read returns: the stream reads on the consumer's goroutine,
// and nothing else can end a Read.
//
// When a server refuses a request with an HTTP/2 GOAWAY, the attempt tries again on up to
// three new connections, and then fails like any other.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) { c.http = client }
}

// WithHeader sets a header field of every request, in place of the client's
// default or the request's own field of that name. Without it, requests say
// "Accept: text/event-stream", "Cache-Control: no-cache" and "Accept-Encoding: identity",
// see [WithCompression].
//
// When the server redirects to another origin (scheme, host or port), only fields
// that are known to be no secret go along: Accept and its kin, Cache-Control,
// Content-Type and its kin, Last-Event-ID, User-Agent. A field Host sets the
// Host of the request, and Last-Event-ID is taken for [WithLastEventID].
func WithHeader(key, value string) Option {
	return func(c *config) {
		if c.header == nil {
			c.header = http.Header{}
		}
		c.header.Set(key, value)
	}
}

// WithLastEventID makes the first attempt ask for the events after id, as if the stream had
// received that event. Use it to continue where an earlier run of the program stopped.
func WithLastEventID(id string) Option {
	return func(c *config) { c.lastEventID = id }
}

// WithMaxEventSize sets how many bytes an event may have before the stream ends
// with an [Error] that wraps a [codec.SizeError]; see [codec.WithMaxEventSize].
// The default is 16 MiB. It panics if bytes is less than 1.
func WithMaxEventSize(bytes int) Option {
	return withDecoder(codec.WithMaxEventSize(bytes))
}

// WithComments sets whether comments are delivered, each as an event of
// [codec.KindComment]. Servers send them as heartbeats. By default they are skipped.
func WithComments(deliver bool) Option { return withDecoder(codec.WithComments(deliver)) }

// WithRetryEvents sets whether changes of the reconnection time are delivered, each as an
// event of [codec.KindRetry]. By default they only take effect.
func WithRetryEvents(deliver bool) Option { return withDecoder(codec.WithRetryEvents(deliver)) }

// WithEventTypes delivers messages of these types only. It costs less than a later
// operators.EventType, because the stream allocates nothing for a message that it skips. A
// skipped message still moves the position from which the stream resumes, but hooks,
// meters and logs do not see it. See [codec.WithEventTypes]. Default: all messages.
func WithEventTypes(types ...string) Option { return withDecoder(codec.WithEventTypes(types...)) }

func withDecoder(opt codec.DecoderOption) Option {
	return func(c *config) { c.decoder = append(c.decoder, opt) }
}
