package source

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// WithVisibleQuery shows the values of these query parameters in errors and logs. Use it
// for values that are not secret, such as a topic. By default only the names are shown.
// Names are compared as written in the URL.
func WithVisibleQuery(names ...string) Option {
	return func(c *config) { c.visible = append(c.visible, names...) }
}

// maxShownURL is how many bytes of a URL errors show: a server can redirect to one of any
// length.
const maxShownURL = 1000

// hidden replaces what is not shown.
const hidden = "…"

// redact returns a URL as it may be shown: without user, password and fragment, and with
// only the names of its query.
func (c config) redact(u *url.URL) string {
	if u == nil {
		return ""
	}
	shown := *u
	shown.User = nil
	shown.Fragment, shown.RawFragment = "", ""
	shown.RawQuery = redactQuery(shown.RawQuery, c.visible)
	switch isHTTP := u.Scheme == "http" || u.Scheme == "https"; {
	case u.Opaque != "" && !isHTTP:
		return hidden // user:password@host, with the user where the scheme should be
	case u.Opaque != "":
		shown.Opaque = hidden // http:user:password@host
	case u.Host == "" && strings.Contains(u.Path, "@"):
		return u.Scheme + ":/" + hidden // http:/user:password@host
	}
	return cutText(shown.String(), maxShownURL)
}

// cutText shortens a text to its first n bytes if it is longer.
func cutText(text string, n int) string {
	if len(text) > n {
		return strings.ToValidUTF8(text[:n], "") + hidden
	}
	return text
}

// redactQuery hides the values of a query, except those of the visible names.
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
			pairs[i] = name + "=" + hidden
		case pair != "":
			pairs[i] = hidden // a name, or a token without a name
		}
	}
	return strings.Join(pairs, "&")
}

// redactRaw returns what may be shown of a URL that cannot be parsed: its scheme, and its
// host if it looks like one. Anything else in it may be a password.
func redactRaw(raw string) string {
	scheme, rest, found := strings.Cut(raw, "://")
	if !found || scheme == "" || strings.Trim(scheme, schemeChars) != "" {
		return hidden
	}
	host := rest
	if i := strings.IndexFunc(rest, func(r rune) bool { return strings.ContainsRune(":/?#%", r) || r <= ' ' || r >= 0x7f }); i >= 0 {
		host = rest[:i]
	}
	if strings.Contains(rest, "@") || len(host) > maxShownURL {
		host = "" // it may be the name of a user, which may be a token
	}
	if host != rest {
		host += hidden
	}
	return scheme + "://" + host
}

const (
	alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	schemeChars  = alphanumeric + "+.-" // RFC 3986 §3.1
	hostChars    = alphanumeric + ".-_:[]%"
)

// A redactedError shows the text of an error without its secrets.
type redactedError struct {
	err  error
	text string
}

func (e *redactedError) Error() string { return e.text }

// Unwrap returns the original error.
func (e *redactedError) Unwrap() error { return e.err }

// redactError hides the secrets of URLs in the text of err, including the text of nested
// errors. It returns err itself if there are none.
func redactError(err error, visible []string) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if shown := redactText(text, visible); shown != text {
		return &redactedError{err, shown}
	}
	return err
}

// invalidPort matches the text in which net/url quotes what follows the colon of
// "user:password" when the host is missing.
var invalidPort = regexp.MustCompile(`(?s)invalid port (\\*"):.*?" after host`)

// quotedUser matches a URL whose user info may contain unescaped quotes. The text between
// such quotes is part of the URL.
var quotedUser = regexp.MustCompile("[0-9A-Za-z+.-]*:/\\S*[\"'`<>\\\\]\\S*@")

// redactText removes possible secrets from the URLs in a text: user and password,
// fragments, and the values of queries.
func redactText(text string, visible []string) string {
	text = invalidPort.ReplaceAllString(text, "invalid port ${1}:"+hidden+`" after host`)
	text = quotedUser.ReplaceAllLiteralString(text, hidden+"@") // before the text is split at quotes
	var b strings.Builder
	for {
		before, quoted, after, found := cutQuoted(text)
		redactWords(&b, before, visible)
		if !found {
			return b.String()
		}
		b.WriteByte('"')
		if scheme, _, isURL := strings.Cut(quoted, ":/"); isURL && strings.Trim(scheme, schemeChars) == "" {
			b.WriteString(redactWord(quoted, visible)) // with any blanks in it
		} else {
			redactWords(&b, quoted, visible)
		}
		b.WriteByte('"')
		text = after
	}
}

// cutQuoted cuts a text around its first part in double quotes. If there is none, before is
// the whole text.
func cutQuoted(text string) (before, quoted, after string, found bool) {
	before, rest, found := strings.Cut(text, `"`)
	if !found {
		return text, "", "", false
	}
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '"':
			return before, rest[:i], rest[i+1:], true
		}
	}
	return text, "", "", false
}

// redactWords redacts each word of a text.
func redactWords(b *strings.Builder, text string, visible []string) {
	for text != "" {
		end := strings.IndexAny(text, "\"'`<>\\ \t\r\n")
		if end < 0 {
			b.WriteString(redactWord(text, visible))
			return
		}
		b.WriteString(redactWord(text[:end], visible))
		b.WriteByte(text[end])
		text = text[end+1:]
	}
}

// redactWord redacts a word that may hold a URL.
func redactWord(word string, visible []string) string {
	if !strings.ContainsAny(word, "@?") && !strings.Contains(word, ":/") {
		return word
	}
	end := len(strings.TrimRight(word, ".,;:!)]}"))
	word, punctuation := word[:end], word[end:]
	word, _, _ = strings.Cut(word, "#")
	word, query, hasQuery := strings.Cut(word, "?")
	switch colon, at := strings.Index(word, ":"), strings.LastIndex(word, "@"); {
	case strings.Contains(word, "://"):
		word = redactAddress(word)
	case colon >= 0 && colon < at: // slashes were forgotten, or the scheme
		word = hidden + word[at:]
	}
	if hasQuery {
		word += "?" + redactQuery(query, visible)
	}
	return word + punctuation
}

// redactAddress redacts a URL without query, which other characters may precede.
func redactAddress(text string) string {
	i := strings.Index(text, "://")
	start := len(strings.TrimRight(text[:i], schemeChars))
	before, scheme, rest := text[:start], text[start:i], text[i+len("://"):]
	authority, path, hasPath := strings.Cut(rest, "/")
	host := authority[strings.LastIndex(authority, "@")+1:]
	port := host[strings.LastIndexAny(host, ":]")+1:]
	if port == host {
		port = ""
	}
	slashed := strings.HasSuffix(host, ":") && strings.Contains(path, "@") // user:/password@host
	if host == "" || slashed || strings.Trim(host, hostChars) != "" || strings.Trim(port, "0123456789") != "" {
		return before + redactRaw(scheme+"://"+rest)
	}
	if hasPath {
		host += "/" + path
	}
	return before + scheme + "://" + host
}

// unwrapURL returns the error in a [url.Error]: net/http wraps every error in one, and the
// client's own errors already name the URL.
func unwrapURL(err error) error {
	var wrapped *url.Error
	if !errors.As(err, &wrapped) {
		return err
	}
	// http.Client.Do formats this reason with %v, so there is no error to unwrap.
	if strings.HasPrefix(wrapped.Err.Error(), "failed to parse Location header") {
		return fmt.Errorf("%w: the server redirects to one that cannot be parsed", errURL)
	}
	return wrapped.Err
}

// withoutQuotes returns a message without the text that it quotes.
func withoutQuotes(message string) string {
	first, last := strings.IndexByte(message, '"'), strings.LastIndexByte(message, '"')
	if first == last {
		return message
	}
	return message[:first+1] + hidden + message[last:]
}
