package source_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

// The media type is what the Fetch standard extracts; the rows follow its examples and
// those of MIME Sniffing §4.4.
func TestContentType(t *testing.T) {
	const sse = "text/event-stream"
	for name, c := range map[string]struct {
		fields   []string
		accepted bool
	}{
		"the plain type":                       {[]string{sse}, true},
		"in capitals":                          {[]string{"Text/Event-Stream"}, true},
		"with a parameter":                     {[]string{sse + "; charset=utf-8"}, true},
		"with a parameter that is there twice": {[]string{sse + ";charset=utf-8;charset=UTF-8"}, true},
		"with a parameter that is not valid":   {[]string{sse + "; charset"}, true},
		"with a semicolon":                     {[]string{sse + ";"}, true},
		"blanks around it":                     {[]string{" \t" + sse + "\t ;x=y"}, true},
		"twice in a field":                     {[]string{sse + ", " + sse}, true},
		"in two fields":                        {[]string{"application/json", sse}, true},
		"last in a field":                      {[]string{"application/json, text/event-stream; charset=utf-8"}, true},
		"before one that is not valid":         {[]string{sse + ", nonsense"}, true},
		"before one with a broken type":        {[]string{sse + ", te xt/html"}, true},
		"before one with a broken subtype":     {[]string{sse + ", text/ht ml"}, true},
		"before one that means anything":       {[]string{sse + ", */*"}, true},
		"a comma in quotes":                    {[]string{`text/html;x=", text/event-stream;", ` + sse + `;y="a\",b"`}, true},
		"an empty field beside it":             {[]string{"", sse}, true},
		"first in a field":                     {[]string{sse + ", application/json"}, false},
		"in quotes":                            {[]string{`text/html;x="a, text/event-stream"`}, false},
		"in quotes that do not end":            {[]string{`text/html;x="a, text/event-stream`}, false},
		"after an escaped quote":               {[]string{`text/html;x="\", text/event-stream"`}, false},
		"another type":                         {[]string{"text/html"}, false},
		"a longer type":                        {[]string{"text/event-stream+json"}, false},
		"a type without a subtype":             {[]string{"text"}, false},
		"an empty subtype":                     {[]string{"text/"}, false},
		"a blank within":                       {[]string{"text/event stream"}, false},
		"a blank before the slash":             {[]string{"text /event-stream"}, false},
		"anything":                             {[]string{"*/*"}, false},
		"empty":                                {[]string{""}, false},
		"missing":                              {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				conn.Header().Del("Content-Type")
				for _, field := range c.fields {
					conn.Header().Add("Content-Type", field)
				}
				conn.Send(numbered(1)...)
			}, func(t *testing.T, server *ssetest.Server, _ *source.Client) {
				// The server's own client, but with the fields of the row: a Go server adds
				// one.
				client := &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
					resp, err := server.Client().Transport.RoundTrip(req)
					if err == nil {
						resp.Header["Content-Type"] = c.fields
					}
					return resp, err
				})}
				events, err := sink.Collect(t.Context(), operators.Take(source.SSE(server.URL(), source.WithHTTPClient(client)), 1))
				if c.accepted {
					require.NoError(t, err)
					assert.Equal(t, numbered(1), events)
					return
				}
				require.ErrorIs(t, err, source.ErrContentType)
				assert.ErrorContains(t, err, `want "text/event-stream"`)
			})
		})
	}
}

func TestWithResponseCheck(t *testing.T) {
	errNotOurs := errors.New("not ours")
	for name, c := range map[string]struct {
		status int
		check  func(*http.Response) error
		want   error
	}{
		"accepts another type":       {http.StatusOK, func(*http.Response) error { return nil }, nil},
		"refuses":                    {http.StatusOK, func(*http.Response) error { return errNotOurs }, errNotOurs},
		"falls back to the standard": {http.StatusOK, source.CheckContentType, source.ErrContentType},
		"is not asked about others":  {http.StatusNotFound, func(*http.Response) error { return nil }, source.ErrStatus},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				conn.Header().Set("Content-Type", "application/octet-stream")
				conn.Answer(c.status, numbered(1)[0].String())
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				events, err := sink.Collect(t.Context(), operators.Take(client.Observe(server.URL(), source.WithResponseCheck(c.check)), 1))
				if c.want == nil {
					require.NoError(t, err)
					assert.Equal(t, numbered(1), events)
					return
				}
				require.ErrorIs(t, err, c.want)
				assert.Equal(t, !errors.Is(c.want, source.ErrStatus), strings.Contains(err.Error(), "the response was refused"))
				var failure *source.Error
				require.ErrorAs(t, err, &failure)
				assert.Equal(t, c.status, failure.StatusCode)
				assert.NotEmpty(t, failure.Body)
				assert.Len(t, server.Requests(), 1, "it is final")
			})
		})
	}
}

func TestAcceptEncoding(t *testing.T) {
	for name, c := range map[string]struct {
		opts []source.Option
		want string
	}{
		"by default":                  {nil, "identity"},
		"with compression":            {[]source.Option{source.WithCompression(true)}, "gzip"},
		"switched off":                {[]source.Option{source.WithCompression(true), source.WithCompression(false)}, "identity"},
		"the caller's field":          {[]source.Option{source.WithHeader("Accept-Encoding", "br")}, "br"},
		"the caller's and the option": {[]source.Option{source.WithCompression(true), source.WithHeader("Accept-Encoding", "gzip;q=0.5")}, "gzip;q=0.5"},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) { c.Answer(http.StatusNoContent, "") }, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL(), c.opts...))
				require.NoError(t, err)
				assert.Equal(t, c.want, server.Requests()[0].Header.Get("Accept-Encoding"))
			})
		})
	}
}

// An encoder is a compressing writer.
type encoder interface {
	io.WriteCloser
	Flush() error
}

func newGzip(w io.Writer) encoder { return gzip.NewWriter(w) }

// encoded answers with three events, one hour apart. With members, each is a separate
// compressed file.
func encoded(coding string, newEncoder func(io.Writer) encoder, members bool) func(*ssetest.Conn) {
	return func(c *ssetest.Conn) {
		c.Header().Set("Content-Encoding", coding)
		w := newEncoder(rawWriter{c})
		for _, e := range numbered(3) {
			_, _ = io.WriteString(w, e.String())
			if members {
				_ = w.Close()
				w = newEncoder(rawWriter{c})
			} else {
				_ = w.Flush()
			}
			c.Sleep(time.Hour)
		}
	}
}

// A rawWriter writes to a connection.
type rawWriter struct{ conn *ssetest.Conn }

func (w rawWriter) Write(p []byte) (int, error) {
	w.conn.Raw(string(p))
	return len(p), nil
}

// Events arrive when they are sent, no matter which layer asks for gzip and which decodes.
func TestCompressedEventsArriveAtOnce(t *testing.T) {
	// A user's transport decodes, and reports it as net/http does.
	inflating := func(transport http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			resp, err := transport.RoundTrip(req)
			if err == nil {
				resp.Body = &inflatedBody{body: resp.Body}
				resp.Header.Del("Content-Encoding")
			}
			return resp, err
		})
	}
	for name, c := range map[string]struct {
		script    func(*ssetest.Conn)
		opts      []source.Option
		transport func(http.RoundTripper) http.RoundTripper
	}{
		"gzip, with the option":        {encoded("gzip", newGzip, false), []source.Option{source.WithCompression(true)}, nil},
		"gzip, by hand":                {encoded("gzip", newGzip, false), []source.Option{source.WithHeader("Accept-Encoding", "gzip, deflate, br")}, nil},
		"gzip, unasked":                {encoded("gzip", newGzip, false), nil, nil},
		"gzip by its old name":         {encoded("X-Gzip", newGzip, false), nil, nil},
		"gzip, a member for each":      {encoded("gzip", newGzip, true), nil, nil},
		"identity beside gzip":         {encoded("identity, gzip", newGzip, false), nil, nil},
		"gzip, by net/http":            {encoded("gzip", newGzip, false), nil, unasking},
		"deflate, decoded by the user": {encoded("deflate", func(w io.Writer) encoder { return zlib.NewWriter(w) }, false), nil, inflating},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, c.script, func(t *testing.T, server *ssetest.Server, _ *source.Client) {
				client := server.Client()
				if c.transport != nil {
					client = &http.Client{Transport: c.transport(client.Transport)}
				}
				start := time.Now()
				n := 0
				for e, err := range source.SSE(server.URL(), append(c.opts, source.WithHTTPClient(client))...)(t.Context()) {
					require.NoError(t, err)
					assert.Equal(t, numbered(3)[n], e)
					assert.Equal(t, time.Duration(n)*time.Hour, time.Since(start), "each when it was sent")
					if n++; n == 3 {
						break
					}
				}
				assert.Equal(t, 3, n)
			})
		})
	}
}

// unasking removes the field Accept-Encoding, which makes net/http ask for gzip and decode
// it.
func unasking(transport http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		req = req.Clone(req.Context())
		req.Header.Del("Accept-Encoding")
		return transport.RoundTrip(req)
	})
}

// An inflatedBody is decompressed as it is read.
type inflatedBody struct {
	body, plain io.ReadCloser
}

func (b *inflatedBody) Read(p []byte) (n int, err error) {
	if b.plain == nil {
		if b.plain, err = zlib.NewReader(b.body); err != nil {
			return 0, err
		}
	}
	return b.plain.Read(p)
}

func (b *inflatedBody) Close() error { return b.body.Close() }

// A body that cannot be decoded is never read as text.
func TestContentEncodingThatIsNotDecoded(t *testing.T) {
	for coding, named := range map[string]string{
		"br": `"br"`, "zstd": `"zstd"`, "Deflate": `"deflate"`, "compress": `"compress"`, "dcb": `"dcb"`,
		"gzip, br": `"gzip, br"`, "gzip, gzip": `"gzip, gzip"`, "aes128gcm": `"aes128gcm"`,
	} {
		t.Run(coding, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) {
				c.Header().Set("Content-Encoding", coding)
				c.Raw("id: 666\ndata: not an event\n\n")
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				events, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithLastEventID("7")))
				require.ErrorIs(t, err, source.ErrContentEncoding)
				assert.ErrorContains(t, err, "content encoding "+named)
				assert.Empty(t, events)
				var failure *source.Error
				require.ErrorAs(t, err, &failure)
				assert.Equal(t, http.StatusOK, failure.StatusCode)
				assert.Equal(t, "7", failure.LastEventID, "the position is kept")
				assert.Len(t, server.Requests(), 1, "it is final")
			})
		})
	}
}

// These codings mean that the body is not encoded.
func TestNoContentEncoding(t *testing.T) {
	for _, coding := range []string{"", "identity", "none", "None", "identity, identity"} {
		within(t, func(c *ssetest.Conn) {
			c.Header().Set("Content-Encoding", coding)
			c.Send(numbered(1)...)
		}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
			events, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithReconnect(source.ReconnectNever)))
			require.NoError(t, err, coding)
			assert.Equal(t, numbered(1), events, coding)
		})
	}
}

// A server may flush each byte.
func TestGzipByteByByte(t *testing.T) {
	var body bytes.Buffer
	w := gzip.NewWriter(&body)
	for _, b := range []byte("data: abc\n\n") {
		_, _ = w.Write([]byte{b})
		_ = w.Flush()
	}
	_ = w.Close()
	resp := &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"text/event-stream"}, "Content-Encoding": {"gzip"}},
		Body:       io.NopCloser(&body),
	}
	events, err := sink.Collect(t.Context(), source.FromResponse(resp))
	require.NoError(t, err)
	assert.Equal(t, []codec.Event{{Type: "message", Data: "abc"}}, events)
}

// A plain-text body whose header says gzip would be the same at each attempt.
func TestContentEncodingThatIsNotTrue(t *testing.T) {
	within(t, func(c *ssetest.Conn) {
		c.Header().Set("Content-Encoding", "gzip")
		c.Raw("data: x\n\n")
		c.Hold()
	}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
		events, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithLastEventID("7")))
		require.ErrorIs(t, err, source.ErrContentEncoding)
		require.ErrorIs(t, err, gzip.ErrHeader)
		assert.ErrorContains(t, err, `content encoding "gzip": the body is not in gzip`)
		assert.Empty(t, events)
		var failure *source.Error
		require.ErrorAs(t, err, &failure)
		assert.False(t, failure.Temporary())
		assert.Equal(t, "7", failure.LastEventID, "the position is kept")
		assert.Len(t, server.Requests(), 1, "it is final")
	})
}

// The end of the compressed body adds nothing to the last event.
func TestUnterminatedEventInGzip(t *testing.T) {
	resp := &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"text/event-stream"}, "Content-Encoding": {"gzip"}},
		Body:       io.NopCloser(strings.NewReader(compressed("data: a"))),
	}
	events, err := sink.Collect(t.Context(), source.FromResponse(resp, source.WithUnterminatedEvent(true)))
	require.NoError(t, err)
	assert.Equal(t, []codec.Event{{Type: "message", Data: "a"}}, events)
}

// A body in gzip that is broken ends the connection like any other failure of the network.
func TestBrokenGzip(t *testing.T) {
	var whole bytes.Buffer
	w := gzip.NewWriter(&whole)
	_, _ = io.WriteString(w, numbered(2)[0].String()+numbered(2)[1].String())
	_ = w.Close()
	changed := bytes.Clone(whole.Bytes())
	changed[len(changed)-5] ^= 1 // of the checksum
	for name, c := range map[string]struct {
		body []byte
		want error // nil: the response has ended cleanly
		all  bool  // the events are delivered before it
	}{
		"whole":             {whole.Bytes(), io.EOF, true},
		"empty":             {nil, io.EOF, false},
		"cut in the header": {whole.Bytes()[:5], io.ErrUnexpectedEOF, false},
		"cut behind it":     {whole.Bytes()[:10], io.ErrUnexpectedEOF, false},
		"cut in the data":   {whole.Bytes()[:whole.Len()-12], io.ErrUnexpectedEOF, false},
		"a wrong checksum":  {changed, gzip.ErrChecksum, false},
		"more behind it":    {append(bytes.Clone(whole.Bytes()), "data: text\n\n"...), gzip.ErrHeader, true},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(conn *ssetest.Conn) {
				if conn.N > 1 {
					conn.Answer(http.StatusNoContent, "")
					return
				}
				conn.Header().Set("Content-Encoding", "gzip")
				conn.Raw(string(c.body))
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				var why error
				trace := &source.Trace{Disconnected: func(_ source.Attempt, err error) { why = err }}
				events, err := sink.Collect(t.Context(), client.Observe(server.URL(), source.WithTrace(trace)))
				require.NoError(t, err)
				if c.all {
					assert.Equal(t, numbered(2), events)
				}
				assert.ErrorIs(t, why, c.want)
			})
		})
	}
}
