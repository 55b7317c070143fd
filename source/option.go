package source

import (
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// An Option changes how a stream connects or what it delivers. An option of [NewClient]
// applies to all streams of the client, an option of one stream to that stream only. If an
// option is given twice, the later one wins, unless the option says otherwise. A nil
// argument means the default.
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

// with returns a copy of c with opts applied. It does not change c.
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

// WithHTTPClient sets the client to connect with, for example to configure a proxy, TLS, a
// cookie jar or a redirect policy. The stream uses a copy without its Timeout, which would
// cut off a healthy stream. Default: http.DefaultClient.
//
// A client without a Transport, such as the default, uses a copy of [http.DefaultTransport]
// that pings an HTTP/2 connection after 15 seconds of silence and closes it if the server
// does not answer within another 15. The copy is made when a stream first needs it. To get
// pings with your own Transport, set [http.Transport.HTTP2].
//
// After an idle timeout, a connect timeout or [Session.Reconnect], the next attempt uses
// another connection. An HTTP/2 connection is then removed from the Transport's pool for
// all requests; requests that it already carries continue. This works with an
// [http.Transport], an http2.Transport of golang.org/x/net, and RoundTrippers around one
// that pass on the request's context. To remove the connection, the stream gives the
// RoundTripper a HEAD request with an invalid Host, which the Transport does not send.
//
// Your own RoundTripper must return bodies whose Read ends when the request's context ends
// or another goroutine calls Close, as those of net/http do. If Close waits for Read
// instead, a stream that is cancelled or closed while it waits for an event does not end
// before that Read returns, because the stream reads on the consumer's goroutine.
//
// When a server refuses a request with an HTTP/2 GOAWAY, the attempt is repeated on up to
// three new connections, and then fails like any other.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) { c.http = client }
}

// WithHeader sets a header field of every request, replacing the client's default or the
// request's own field of that name. By default requests say "Accept: text/event-stream",
// "Cache-Control: no-cache" and "Accept-Encoding: identity", see [WithCompression].
//
// When the server redirects to another origin (scheme, host or port), only these fields,
// which cannot be secret, are sent there: Accept, Accept-Encoding, Accept-Language,
// Cache-Control, Content-Encoding, Content-Language, Content-Type, Last-Event-ID and
// User-Agent. A Host field sets the Host of the request, and a Last-Event-ID field acts as
// [WithLastEventID].
func WithHeader(key, value string) Option {
	return func(c *config) {
		if c.header == nil {
			c.header = http.Header{}
		}
		c.header.Set(key, value)
	}
}

// WithLastEventID makes each subscription start after the event with this ID, as if the
// stream had received that event. Use it to continue where an earlier run of the program
// stopped.
func WithLastEventID(id string) Option {
	return func(c *config) { c.lastEventID = id }
}

// WithMaxEventSize sets the maximum size of an event in bytes, see
// [codec.WithMaxEventSize]. A larger event ends the stream with an [Error] that wraps a
// [codec.SizeError]. The default is 16 MiB. It panics if bytes is less than 1.
func WithMaxEventSize(bytes int) Option {
	return withDecoder(codec.WithMaxEventSize(bytes))
}

// WithComments sets whether comments, which servers send as heartbeats, are delivered, each
// as an event of [codec.KindComment]. By default they are skipped.
func WithComments(deliver bool) Option { return withDecoder(codec.WithComments(deliver)) }

// WithRetryEvents sets whether changes of the reconnection time are delivered, each as an
// event of [codec.KindRetry]. By default they only take effect.
func WithRetryEvents(deliver bool) Option { return withDecoder(codec.WithRetryEvents(deliver)) }

// WithEventTypes delivers only messages of these types. It costs less than a later
// operators.EventType, because skipped messages are not allocated. A skipped message still
// moves the position from which the stream resumes, but hooks, meters and logs do not see
// it. See [codec.WithEventTypes]. Default: all messages.
func WithEventTypes(types ...string) Option { return withDecoder(codec.WithEventTypes(types...)) }

func withDecoder(opt codec.DecoderOption) Option {
	return func(c *config) { c.decoder = append(c.decoder, opt) }
}
