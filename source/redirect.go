package source

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxRedirects is how many [http.Client] follows by default.
const maxRedirects = 10

// streaming returns a copy of client for streams: it sends its requests through t, has no
// Timeout, and sends the secrets of a request to no other origin.
func streaming(client *http.Client, t *transport) *http.Client {
	c := *client
	c.Transport = t
	c.Timeout = 0
	policy := client.CheckRedirect
	c.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if err := checkURL(req.URL); err != nil {
			return err
		}
		if leavesOrigin(req.URL, via) {
			for key := range req.Header {
				if !isHarmless(key) {
					delete(req.Header, key)
				}
			}
		}
		if policy != nil {
			return policy(req, via)
		}
		if len(via) >= maxRedirects {
			return ErrRedirects
		}
		return nil
	}
	return &c
}

// leavesOrigin reports whether a chain of redirects that continues to next has ever left
// the origin of its first request. A redirect back is not trusted either.
func leavesOrigin(next *url.URL, via []*http.Request) bool {
	first := origin(via[0].URL)
	left := func(hop *http.Request) bool { return origin(hop.URL) != first }
	return origin(next) != first || slices.ContainsFunc(via, left)
}

// origin returns the origin of a URL of http or https: scheme, host and port (RFC 6454 §4).
func origin(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	case u.Scheme == "http":
		port = "80"
	}
	return strings.ToLower(u.Scheme + "://" + net.JoinHostPort(u.Hostname(), port))
}

// isHarmless reports whether a header field is known not to be secret. net/http removes
// only fields that it knows to be secret, which X-API-Key is not, and sends the query in
// Referer.
func isHarmless(key string) bool {
	switch key {
	case "Accept", "Accept-Encoding", "Accept-Language", "Cache-Control",
		"Content-Encoding", "Content-Language", "Content-Type", "Last-Event-Id", "User-Agent":
		return true
	}
	return false
}
