package source

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// WithCompression sets whether requests ask for a gzip response. By default they say
// "Accept-Encoding: identity", because proxies that compress a stream without flushing it
// are a common reason why no event arrives. Use it to save bandwidth, after a test shows
// that events still arrive at once.
//
// An Accept-Encoding field set by [WithHeader] or in the request takes precedence. A gzip
// response is decoded, whatever the request says. A response in another coding, or one that
// claims gzip and is not, ends the stream with an [Error] that wraps [ErrContentEncoding].
func WithCompression(ask bool) Option {
	return func(c *config) { c.compression = ask }
}

// acceptEncoding returns the default Accept-Encoding of requests.
func (c config) acceptEncoding() string {
	if c.compression {
		return "gzip"
	}
	return "identity"
}

// WithResponseCheck sets the function that accepts a response with status 200 as an event
// stream, for servers that send no Content-Type or a wrong one. check must not read the
// body. If it returns an error, the stream ends with an [Error] that wraps it, unless
// [WithRetryIf] decides otherwise.
//
// The default, CheckContentType, requires the media type text/event-stream, as determined
// by the Fetch standard's "extract a MIME type": the last valid one if the server sends
// several.
//
//	source.WithResponseCheck(func(resp *http.Response) error {
//		if resp.Header.Get("Content-Type") == "" {
//			return nil
//		}
//		return source.CheckContentType(resp)
//	})
func WithResponseCheck(check func(*http.Response) error) Option {
	return func(c *config) { c.responseCheck = check }
}

// CheckContentType is the default check of [WithResponseCheck]: it returns an error that
// wraps [ErrContentType] unless the media type of the response is text/event-stream.
func CheckContentType(resp *http.Response) error {
	if mediaType(resp.Header.Values("Content-Type")) == "text/event-stream" {
		return nil
	}
	return fmt.Errorf("%w %.100q, want \"text/event-stream\"", ErrContentType, strings.Join(resp.Header.Values("Content-Type"), ", "))
}

// checkContent returns an error if a response with status 200 cannot be read as an event
// stream.
func (c config) checkContent(resp *http.Response) error {
	if c.responseCheck == nil {
		if err := CheckContentType(resp); err != nil {
			return err
		}
	} else if err := c.responseCheck(resp); err != nil {
		return fmt.Errorf("the response was refused: %w", err)
	}
	_, err := contentCoding(resp.Header)
	return err
}

// contentCoding returns the content coding of the body: "gzip", or "" for none. It returns
// an error for any other coding (RFC 9110 §8.4).
func contentCoding(header http.Header) (string, error) {
	var codings []string
	for value := range strings.SplitSeq(strings.Join(header.Values("Content-Encoding"), ","), ",") {
		switch value = strings.ToLower(strings.Trim(value, " \t")); value {
		case "", "identity", "none": // "none" is how servers ask proxies not to compress
		case "gzip", "x-gzip": // RFC 9110 §8.4.1.3
			codings = append(codings, "gzip")
		default:
			codings = append(codings, value)
		}
	}
	switch {
	case len(codings) == 0:
		return "", nil
	case len(codings) == 1 && codings[0] == "gzip":
		return "gzip", nil
	}
	return "", fmt.Errorf("%w %.100q: only gzip is decoded; without an Accept-Encoding field, the request asks for no encoding",
		ErrContentEncoding, strings.Join(codings, ", "))
}

// decodeContent returns a reader of the decoded body. It reads nothing before its first
// Read.
func decodeContent(header http.Header, body io.Reader) io.Reader {
	if coding, err := contentCoding(header); err == nil && coding == "gzip" {
		return &gzipReader{compressed: bufio.NewReader(body)}
	}
	return body
}

// A gzipReader decodes gzip (RFC 1952) as it arrives. Unlike [gzip.Reader], it returns all
// flushed data before it waits for more, even at the end of a member.
type gzipReader struct {
	compressed *bufio.Reader
	member     *gzip.Reader
	inMember   bool
}

// Read implements [io.Reader].
func (r *gzipReader) Read(p []byte) (int, error) {
	for {
		if !r.inMember {
			if err := r.nextMember(); err != nil {
				return 0, err
			}
		}
		n, err := r.member.Read(p)
		if err == io.EOF { //nolint:errorlint // wrapped, it is an error of the network
			r.inMember, err = false, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// nextMember reads the header of a member. It returns [io.EOF] if there is none.
func (r *gzipReader) nextMember() (err error) {
	if r.member == nil {
		r.member = new(gzip.Reader)
		if !mayBeGzip(r.compressed) {
			return fmt.Errorf("%w \"gzip\": the body is not in gzip (%w); make the server or its proxy omit the Content-Encoding field",
				ErrContentEncoding, gzip.ErrHeader)
		}
	}
	if err = r.member.Reset(r.compressed); err == nil {
		r.member.Multistream(false)
		r.inMember = true
	}
	return err
}

// mayBeGzip reports whether r begins with the magic number of gzip (RFC 1952 §2.3.1), or is
// too short to tell.
func mayBeGzip(r *bufio.Reader) bool {
	start, _ := r.Peek(2)
	return len(start) < 2 || string(start) == "\x1f\x8b"
}

// mediaType returns the media type of a response, in lower case and without parameters: the
// last valid one in its Content-Type fields (Fetch §2.2.2, "extract a MIME type"). It
// returns "" if there is none.
func mediaType(fields []string) string {
	for _, value := range slices.Backward(splitField(strings.Join(fields, ", "))) {
		if essence := mediaTypeEssence(value); essence != "" && essence != "*/*" {
			return essence
		}
	}
	return ""
}

// splitField splits the value of a header field at commas outside quoted strings (Fetch
// §2.2.2, "get, decode, and split").
func splitField(value string) []string {
	var values []string
	quoted, start := false, 0
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++ // the next character is escaped
		case c == ',' && !quoted:
			values = append(values, value[start:i])
			start = i + 1
		}
	}
	return append(values, value[start:])
}

// mediaTypeEssence returns the type and subtype of a media type in lower case, or "" if
// they are invalid (MIME Sniffing §4.4, "parse a MIME type"). It ignores parameters.
func mediaTypeEssence(value string) string {
	typ, rest, found := strings.Cut(strings.Trim(value, " \t\r\n"), "/")
	subtype, _, _ := strings.Cut(rest, ";")
	subtype = strings.TrimRight(subtype, " \t\r\n")
	if !found || !isToken(typ) || !isToken(subtype) { // both are tokens, like field names
		return ""
	}
	return strings.ToLower(typ + "/" + subtype)
}
