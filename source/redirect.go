package source

import (
	"net/http"
	"net/url"
	"strings"
)

// maxRedirects is how many [http.Client] follows by default.
const maxRedirects = 10

// streaming returns a copy of client that is fit for streams: it has no Timeout,
// and takes the request's secrets to no other host.
func streaming(client *http.Client) *http.Client {
	if client == nil {
		client = http.DefaultClient
	}
	c := *client
	c.Timeout = 0
	policy := client.CheckRedirect
	c.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if err := checkURL(req.URL); err != nil {
			return err
		}
		if leavesHost(req.URL, via) {
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

// leavesHost reports whether a chain of redirects, the next of which leads to
// next, has ever led away from the host it began at, or from TLS. Once it has, the
// way back is not one to trust either.
func leavesHost(next *url.URL, via []*http.Request) bool {
	first := via[0].URL
	leaves := func(u *url.URL) bool {
		return !strings.EqualFold(u.Hostname(), first.Hostname()) || first.Scheme == "https" && u.Scheme != "https"
	}
	for _, hop := range via[1:] {
		if leaves(hop.URL) {
			return true
		}
	}
	return leaves(next)
}

// isHarmless reports whether a header field is known to be no secret. net/http
// itself holds back those that it knows to be one, which X-API-Key is not, and
// sends on the query in Referer.
func isHarmless(key string) bool {
	switch key {
	case "Accept", "Accept-Encoding", "Accept-Language", "Cache-Control",
		"Content-Encoding", "Content-Language", "Content-Type", "Last-Event-Id", "User-Agent":
		return true
	}
	return false
}
