package source

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// request returns a copy of the stream's request, as it is sent this time.
func (s *stream) request(ctx context.Context) (*http.Request, error) {
	req := s.req.Clone(ctx)
	if req.Header == nil {
		req.Header = http.Header{}
	}
	setDefault(req.Header, "Accept", "text/event-stream")
	setDefault(req.Header, "Cache-Control", "no-cache")
	maps.Copy(req.Header, s.cfg.header)
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host // net/http takes it from there alone
	}
	req.Header.Del("Last-Event-ID") // where the caller wanted to begin
	if isFieldValue(s.lastEventID) && strings.Trim(s.lastEventID, " \t") != "" {
		req.Header.Set("Last-Event-ID", s.lastEventID)
	}
	if err := checkHeader(req.Header); err != nil {
		return nil, err
	}
	if req.Body != nil && req.Body != http.NoBody {
		if req.GetBody == nil {
			return nil, ErrNoGetBody
		}
		body, err := req.GetBody()
		if err != nil {
			return nil, fmt.Errorf("%w: GetBody: %w", ErrRequest, err)
		}
		req.Body = body
	}
	return req, nil
}

func setDefault(header http.Header, key, value string) {
	if _, set := header[key]; !set {
		header.Set(key, value)
	}
}

// checkURL returns an error for what no attempt could connect to.
func checkURL(u *url.URL) error {
	switch {
	case u == nil:
		return fmt.Errorf("%w: the request has none", ErrURL)
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: scheme %.20q, want \"http\" or \"https\"", ErrURL, u.Scheme)
	case u.Host == "":
		return fmt.Errorf("%w: it names no host", ErrURL)
	}
	return nil
}

// method returns the method of req, which may leave GET out.
func method(req *http.Request) string { return cmp.Or(req.Method, http.MethodGet) }

// checkHeader returns an error for a header that net/http would refuse every
// time.
func checkHeader(header http.Header) error {
	for key, values := range header {
		if !isFieldName(key) {
			return fmt.Errorf("%w: header field %.100q: that is no name for one", ErrRequest, key)
		}
		if !slices.ContainsFunc(values, func(v string) bool { return !isFieldValue(v) }) {
			continue
		}
		return fmt.Errorf("%w: header field %.100q: its value has a control character, such as a line break at its end", ErrRequest, key)
	}
	return nil
}

// isFieldName reports whether net/http takes a name for that of a header field
// (RFC 9110 §5.6.2).
func isFieldName(name string) bool {
	const tchar = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return name != "" && strings.Trim(name, tchar) == ""
}

// isFieldValue reports whether net/http takes a text for the value of a header
// field.
func isFieldValue(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
