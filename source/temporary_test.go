package source_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
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
		"URL":            {source.Error{Err: source.ErrURL}, false},
		"request":        {source.Error{Err: source.ErrRequest}, false},
		"no GetBody":     {source.Error{Err: source.ErrNoGetBody}, false},
		"checkpoint":     {source.Error{Err: source.ErrCheckpoint}, false},
		"prepare":        {source.Error{Err: source.ErrPrepare}, true},
		"silence":        {source.Error{Err: source.ErrIdleTimeout}, true},
		"without answer": {source.Error{Err: source.ErrConnectTimeout}, true},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, c.err.Temporary()) })
	}
}

// A handshake that fails because the configurations do not match is an error at once.
func TestTLSThatCannotMend(t *testing.T) {
	for name, c := range map[string]struct {
		server func(*tls.Config)
		client func(*tls.Config)
		want   string
	}{
		"an old server":            {func(s *tls.Config) { s.MaxVersion = tls.VersionTLS12 }, func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }, "protocol version"},
		"an old client":            {func(s *tls.Config) { s.MinVersion = tls.VersionTLS13 }, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, "protocol version"},
		"no version at all":        {func(*tls.Config) {}, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS13, tls.VersionTLS12 }, "versions"},
		"a certificate is missing": {func(s *tls.Config) { s.ClientAuth = tls.RequireAnyClientCert }, func(*tls.Config) {}, "certificate required"},
		"the same with TLS 1.2":    {func(s *tls.Config) { s.ClientAuth, s.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12 }, func(*tls.Config) {}, "tls"},
		"no common cipher": {func(s *tls.Config) {
			s.MaxVersion, s.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
		}, func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}
		}, "handshake failure"},
		"no common protocol": {func(s *tls.Config) { s.NextProtos = []string{"other"} }, func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }, "no application protocol"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { sendNumbered(w, 0, 1) }))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
			server.StartTLS()
			defer server.Close()
			c.server(server.TLS)
			roots := x509.NewCertPool()
			roots.AddCert(server.Certificate())
			config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
			c.client(config)
			transport := &http.Transport{TLSClientConfig: config}
			defer transport.CloseIdleConnections()
			_, err := sink.Collect(t.Context(), source.SSE(server.URL, source.WithHTTPClient(&http.Client{Transport: transport})))
			var failure *source.Error
			require.ErrorAs(t, err, &failure)
			assert.ErrorContains(t, err, c.want)
			assert.Equal(t, 1, failure.Attempts)
		})
	}
}

// A server that speaks no TLS will not learn it.
func TestPlainAnswerToTLS(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	_, err := sink.Collect(t.Context(), source.SSE("https"+server.URL[len("http"):]))
	http.DefaultClient.CloseIdleConnections()
	require.ErrorIs(t, err, http.ErrSchemeMismatch)
}

// No attempt can succeed where a URL names no host, or a port that cannot be.
func TestURLThatLeadsNowhere(t *testing.T) {
	for _, url := range []string{"http://host.example:0/", "http://host.example:65536/", "http://host.example:99999999999999999999/", "http:///path", "http://:8080x/"} {
		t.Run(url, func(t *testing.T) {
			_, err := sink.Collect(t.Context(), source.SSE(url))
			assert.ErrorIs(t, err, source.ErrURL)
		})
		t.Run("redirect to "+url, func(t *testing.T) {
			within(t, func(c *ssetest.Conn) {
				c.Header().Set("Location", url)
				c.Answer(http.StatusFound, "")
			}, func(t *testing.T, server *ssetest.Server, client *source.Client) {
				_, err := sink.Collect(t.Context(), client.Observe(server.URL()))
				require.ErrorIs(t, err, source.ErrURL)
				assert.Len(t, server.Requests(), 1)
			})
		})
	}
}
