package source

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/rxsse/rxsse/codec"
)

// Temporary reports whether trying again may help. It is the default decision of a stream;
// see [WithRetryIf]. Trying again may help after a failure of the network, the statuses
// 408, 425 and 429, and 5xx other than 501 and 505. It does not help after any other answer
// that is not an event stream, too many redirects, an event that is too large, a TLS
// handshake that fails because of its configuration (an untrusted certificate, a missing
// client certificate, no common protocol version, no TLS at all), or a request that cannot
// be sent or may not be sent again.
func (e *Error) Temporary() bool {
	var tooLarge *codec.SizeError
	var other *Error // of another stream, which the transport reads
	switch {
	case errors.As(e.Err, &other) && !other.Temporary():
		return false
	case slices.ContainsFunc(finalErrors, func(final error) bool { return errors.Is(e.Err, final) }):
		return false
	case errors.As(e.Err, &tooLarge), isTLSMisconfigured(e.Err):
		return false
	case e.StatusCode != 0:
		return isTemporaryStatus(e.StatusCode)
	}
	return true
}

// finalErrors are the errors that another attempt would meet again.
var finalErrors = []error{ErrContentEncoding, ErrRedirects, ErrRequest, ErrCheckpoint, ErrNotSentAgain} //nolint:gochecknoglobals // a constant

// isTemporaryStatus reports whether a server that answers with status may soon answer
// differently (RFC 9110 §15, RFC 8470 §5.2).
func isTemporaryStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return status >= http.StatusInternalServerError
}

// tlsAlerts are the alerts with which a server reports that no handshake can succeed with
// this configuration (RFC 8446 §6.2): handshake_failure, all about the client's
// certificate, protocol_version, insufficient_security, certificate_required and
// no_application_protocol.
var tlsAlerts = []tls.AlertError{40, 42, 43, 44, 45, 46, 48, 49, 70, 71, 116, 120} //nolint:gochecknoglobals // a constant

// tlsClientErrors are the texts of crypto/tls (handshake_client.go) for mismatches that the
// client finds. Each is an errors.New inside a function, so there is no value or type to
// compare. TestTLSThatCannotMend fails if a text changes.
var tlsClientErrors = []string{ //nolint:gochecknoglobals // a constant
	"tls: server selected unsupported protocol version",
	"tls: server selected unadvertised ALPN protocol",
	"tls: no supported versions satisfy MinVersion and MaxVersion",
}

// isTLSMisconfigured reports whether a handshake failed because the configurations of
// client and server do not match.
func isTLSMisconfigured(err error) bool {
	var untrusted *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	var remote *net.OpError
	switch {
	case errors.As(err, &untrusted), errors.Is(err, http.ErrSchemeMismatch):
		return true
	case errors.As(err, &noTLS) && noTLS.Conn != nil: // the first record; a later one is damaged
		return true
	case errors.As(err, &remote) && remote.Op == "remote error":
		// Outside QUIC, crypto/tls wraps an alert in a type that it does not export. Its
		// text is that of the AlertError with the same number.
		alert := remote.Err.Error()
		return slices.ContainsFunc(tlsAlerts, func(a tls.AlertError) bool { return a.Error() == alert })
	}
	return err != nil && slices.ContainsFunc(tlsClientErrors, func(text string) bool { return strings.Contains(err.Error(), text) })
}
