package source

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// WithVisibleQuery has errors and logs show the values that these names have in a
// URL's query, besides the names: what is known to be no secret, such as a topic.
// By default no value is shown. Names are compared as they stand in the URL.
func WithVisibleQuery(names ...string) Option {
	return func(c *config) { c.visible = append(c.visible, names...) }
}

// maxShownURL is how many bytes of a URL errors show: a server can make one as
// long as it likes by redirecting.
const maxShownURL = 1000

// redact returns a URL as it may be shown, without what may be secret: user and
// password, fragment, and of the query all but the names.
func (c config) redact(u *url.URL) string {
	if u == nil {
		return ""
	}
	shown := *u
	shown.User = nil
	shown.Fragment, shown.RawFragment = "", ""
	if shown.Opaque != "" {
		shown.Opaque = "…" // user:password@host, if the slashes were forgotten
	}
	shown.RawQuery = redactQuery(shown.RawQuery, c.visible)
	text := shown.String()
	if len(text) > maxShownURL {
		text = strings.ToValidUTF8(text[:maxShownURL], "") + "…"
	}
	return text
}

func redactQuery(query string, visible []string) string {
	if query == "" {
		return ""
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, _, isPair := strings.Cut(pair, "=")
		switch {
		case isPair && slices.Contains(visible, name):
		case isPair:
			pairs[i] = name + "=…"
		case pair != "":
			pairs[i] = "…" // a name, or a token that stands alone
		}
	}
	return strings.Join(pairs, "&")
}

// redactRaw returns what may be shown of a URL that cannot be parsed, where much
// may be a password: its scheme, and its host as far as that looks like one.
func redactRaw(raw string) string {
	scheme, rest, found := strings.Cut(raw, "://")
	if !found || scheme == "" || strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz+ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "…"
	}
	host := rest
	if i := strings.IndexFunc(rest, func(r rune) bool { return strings.ContainsRune(":/?#%", r) || r <= ' ' || r >= 0x7f }); i >= 0 {
		host = rest[:i]
	}
	if strings.Contains(rest, "@") || len(host) > maxShownURL {
		host = "" // it may be a user's name, which may be a token
	}
	if host != rest {
		host += "…"
	}
	return scheme + "://" + host
}

// unwrapURL returns the reason of a [url.Error], whose own message repeats the
// URL with what it should not show.
func unwrapURL(err error) error {
	var wrapped *url.Error
	if !errors.As(err, &wrapped) {
		return err
	}
	if strings.HasPrefix(wrapped.Err.Error(), "failed to parse Location header") {
		return fmt.Errorf("%w: the server redirects to one that cannot be parsed", ErrURL)
	}
	return wrapped.Err
}

// withoutQuotes returns a message without what it quotes.
func withoutQuotes(message string) string {
	first, last := strings.IndexByte(message, '"'), strings.LastIndexByte(message, '"')
	if first == last {
		return message
	}
	return message[:first+1] + "…" + message[last:]
}
