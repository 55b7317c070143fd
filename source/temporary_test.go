package source_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
	"github.com/rxsse/rxsse/source/ssetest"
)

func TestTemporary(t *testing.T) {
	for name, c := range map[string]struct {
		err  source.Error
		want bool
	}{
		"network":        {source.Error{Err: io.ErrUnexpectedEOF}, true},
		"408":            {source.Error{StatusCode: 408, Err: source.ErrStatus}, true},
		"425":            {source.Error{StatusCode: 425, Err: source.ErrStatus}, true},
		"429":            {source.Error{StatusCode: 429, Err: source.ErrStatus}, true},
		"501":            {source.Error{StatusCode: 501, Err: source.ErrStatus}, false},
		"505":            {source.Error{StatusCode: 505, Err: source.ErrStatus}, false},
		"599":            {source.Error{StatusCode: 599, Err: source.ErrStatus}, true},
		"end":            {source.Error{Err: source.ErrEnded}, true},
		"another stream": {source.Error{Err: &source.Error{StatusCode: 404, Err: source.ErrStatus}}, false},
		"a busy one":     {source.Error{Err: &source.Error{StatusCode: 503, Err: source.ErrStatus}}, true},
		"accepted":       {source.Error{Err: fmt.Errorf("%w: %w", source.ErrNotSentAgain, io.ErrUnexpectedEOF)}, false},
		"500":            {source.Error{StatusCode: 500, Err: source.ErrStatus}, true},
		"499":            {source.Error{StatusCode: 499, Err: source.ErrStatus}, false},
		"no stream":      {source.Error{StatusCode: 200, Err: source.ErrContentType}, false},
		"too large":      {source.Error{Err: &codec.SizeError{}}, false},
		"redirects":      {source.Error{Err: source.ErrRedirects}, false},
		"certificate":    {source.Error{Err: &tls.CertificateVerificationError{Err: errGone}}, false},
		"no TLS":         {source.Error{Err: tls.RecordHeaderError{Conn: &net.TCPConn{}}}, false},
		"damaged TLS":    {source.Error{Err: tls.RecordHeaderError{}}, true},
		"request":        {source.Error{Err: source.ErrRequest}, false},
		"checkpoint":     {source.Error{Err: source.ErrCheckpoint}, false},
		"silence":        {source.Error{Err: source.ErrIdleTimeout}, true},
		"without answer": {source.Error{Err: source.ErrConnectTimeout}, true},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, c.err.Temporary()) })
	}
}

// The alerts with which a server refuses a configuration are final; others may be the
// network's fault (RFC 8446 §6.2).
func TestTLSAlertsThatCannotMend(t *testing.T) {
	final := map[uint8]string{
		40: "handshake_failure", 42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
		45: "certificate_expired", 46: "certificate_unknown", 48: "unknown_ca", 49: "access_denied", 70: "protocol_version",
		71: "insufficient_security", 116: "certificate_required", 120: "no_application_protocol",
	}
	for n := range 256 {
		alert := tls.AlertError(n)
		err := source.Error{Err: &net.OpError{Op: "remote error", Err: alert}} // as crypto/tls has it
		assert.Equal(t, final[uint8(n)] == "", err.Temporary(), "%d %v", n, alert)
	}
}

// A stream fails at its first handshake if the configurations of client and server do not
// match: a later attempt would fail, too. Some of these errors can only be recognized by
// their text, so this test fails when crypto/tls changes one of the texts.
func TestTLSThatCannotMend(t *testing.T) {
	tls12With := func(protocols ...string) func(*tls.Config) {
		return func(c *tls.Config) { c.MaxVersion, c.NextProtos = tls.VersionTLS12, protocols }
	}
	for name, c := range map[string]struct {
		server  func(*tls.Config)
		client  func(*tls.Config)
		want    string
		rewrite func(serverHello []byte) // on its way to the client
	}{
		"a version that the client did not offer": {
			server: tls12With(), client: tls12With(), want: "tls: server selected unsupported protocol version 302",
			// After the headers of the record and of the message (RFC 5246 §7.4.1.3).
			rewrite: func(hello []byte) { binary.BigEndian.PutUint16(hello[5+4:], tls.VersionTLS11) },
		},
		"a protocol that the client did not offer": {
			server: tls12With("http/1.1"), client: tls12With("http/1.1"), want: "tls: server selected unadvertised ALPN protocol",
			rewrite: func(hello []byte) { copy(hello, bytes.Replace(hello, []byte("http/1.1"), []byte("http/7.7"), 1)) },
		},
		"an old server":            {server: func(s *tls.Config) { s.MaxVersion = tls.VersionTLS12 }, client: func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }, want: "protocol version"},
		"an old client":            {server: func(s *tls.Config) { s.MinVersion = tls.VersionTLS13 }, client: func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, want: "protocol version"},
		"no version at all":        {client: func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS13, tls.VersionTLS12 }, want: "tls: no supported versions satisfy MinVersion and MaxVersion"},
		"a certificate is missing": {server: func(s *tls.Config) { s.ClientAuth = tls.RequireAnyClientCert }, want: "certificate required"},
		"the same with TLS 1.2":    {server: func(s *tls.Config) { s.ClientAuth, s.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12 }, want: "tls"},
		"no common cipher": {
			server: func(s *tls.Config) {
				s.MaxVersion, s.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
			},
			client: func(c *tls.Config) {
				c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}
			},
			want: "handshake failure",
		},
		"no common protocol": {server: func(s *tls.Config) { s.NextProtos = []string{"other"} }, client: func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }, want: "no application protocol"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { sendNumbered(w, 0, 1) }))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
			server.StartTLS()
			defer server.Close()
			if c.server != nil {
				c.server(server.TLS)
			}
			roots := x509.NewCertPool()
			roots.AddCert(server.Certificate())
			config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
			if c.client != nil {
				c.client(config)
			}
			transport := &http.Transport{TLSClientConfig: config}
			if c.rewrite != nil {
				transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
					conn, err := new(net.Dialer).DialContext(ctx, network, address)
					return &rewritingConn{Conn: conn, rewrite: c.rewrite}, err
				}
			}
			defer transport.CloseIdleConnections()
			_, err := sink.Collect(t.Context(), source.SSE(server.URL, source.WithHTTPClient(&http.Client{Transport: transport}), soon(), source.WithMaxAttempts(2)))
			var failure *source.Error
			require.ErrorAs(t, err, &failure)
			assert.ErrorContains(t, err, c.want)
			assert.Equal(t, 1, failure.Attempts)
		})
	}
}

// A rewritingConn changes the first TLS record that it reads.
type rewritingConn struct {
	net.Conn

	rewrite func([]byte)
	record  []byte // the unread rest of it
}

func (c *rewritingConn) Read(b []byte) (int, error) {
	if c.rewrite != nil {
		c.record = make([]byte, 5) // kind, version, length (RFC 5246 §6.2.1)
		if _, err := io.ReadFull(c.Conn, c.record); err != nil {
			return 0, err
		}
		c.record = append(c.record, make([]byte, binary.BigEndian.Uint16(c.record[3:]))...)
		if _, err := io.ReadFull(c.Conn, c.record[5:]); err != nil {
			return 0, err
		}
		c.rewrite(c.record)
		c.rewrite = nil
	}
	if len(c.record) > 0 {
		n := copy(b, c.record)
		c.record = c.record[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// A server without TLS will not gain it by waiting.
func TestPlainAnswerToTLS(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	_, err := sink.Collect(t.Context(), source.SSE("https"+server.URL[len("http"):]))
	http.DefaultClient.CloseIdleConnections()
	require.ErrorIs(t, err, http.ErrSchemeMismatch)
}

// The largest port is valid.
func TestLargestPort(t *testing.T) {
	fail := roundTripper(func(*http.Request) (*http.Response, error) { return nil, errGone })
	_, err := sink.Collect(t.Context(), source.SSE("http://host.example:65535/", source.WithHTTPClient(&http.Client{Transport: fail}), source.WithMaxAttempts(1)))
	assert.ErrorIs(t, err, errGone)
}

// No attempt can succeed if a URL names no host, or an impossible port.
func TestURLThatLeadsNowhere(t *testing.T) {
	for _, url := range []string{"http://host.example:0/", "http://host.example:65536/", "http://host.example:99999999999999999999/", "http:///path", "http://:8080x/"} {
		t.Run(url, func(t *testing.T) {
			_, err := sink.Collect(t.Context(), source.SSE(url))
			assert.ErrorIs(t, err, source.ErrRequest)
		})
		t.Run("redirect to "+url, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) {
				c.Header().Set("Location", url)
				c.Answer(http.StatusFound, "")
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL()))
				require.ErrorIs(t, err, source.ErrRequest)
				assert.Len(t, server.Requests(), 1)
			})
		})
	}
}
