package codec_test

import (
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/rxsse/rxsse/codec"
)

// A setup is how a decoder is configured.
type setup struct {
	comments, retryEvents bool
	lastEventID           string
	limit                 int // 0 for none
}

// A result is what a decoder made of a stream.
type result struct {
	Events   []codec.Event
	Err      error
	LastID   string
	Retry    time.Duration
	HasRetry bool

	// At[i] is how many bytes of the stream it took to deliver Events[i], and
	// Reads is how many had been read after each read.
	At, Reads []int
}

// reference decodes a whole stream by the text of the standard, sentence by sentence and
// without regard to speed. The Decoder is compared with it.
func reference(stream []byte, s setup) result {
	text := decodeUTF8(stream)
	offset := 0
	if len(text) > 0 && text[0].r == '\uFEFF' {
		offset, text = len("\uFEFF"), text[1:]
	}
	p := parser{setup: s, idBuffer: s.lastEventID, lastEventID: s.lastEventID}
	p.LastID = s.lastEventID
	for len(text) > 0 && p.Err == nil {
		length := 0
		for length < len(text) && text[length].r != '\r' && text[length].r != '\n' {
			length++
		}
		line := toString(text[:length])
		if length == len(text) {
			// The end of the file: the line is discarded, unless the part of its value that
			// was read already exceeds the limit.
			_, value := nameAndValue(line)
			if value != "" || strings.HasPrefix(line, ":") && len(line) > 1 {
				p.checkSize(line, offset)
			}
			break
		}
		end := text[length].end
		p.processLine(line, offset, end)
		next := length + 1
		if text[length].r == '\r' && next < len(text) && text[next].r == '\n' {
			next++
		}
		offset += len(toString(text[:next]))
		text = text[next:]
	}
	p.LastID = p.lastEventID
	if p.Err == nil {
		p.Err = io.EOF
	}
	return p.result
}

// A char is a character of the decoded stream and where it ends in the bytes.
type char struct {
	r   rune
	end int
}

func toString(text []char) string {
	var b strings.Builder
	for _, c := range text {
		b.WriteRune(c.r)
	}
	return b.String()
}

// decodeUTF8 is the Encoding Standard's UTF-8 decoder (§8.1.1), without the
// U+FFFD for a sequence that the end of the stream cuts off: it would be part of
// a line that is discarded.
func decodeUTF8(stream []byte) []char {
	var out []char
	codePoint, seen, needed := rune(0), 0, 0
	lower, upper := byte(0x80), byte(0xBF)
	for i := 0; i < len(stream); i++ {
		b := stream[i]
		if needed == 0 {
			switch {
			case b <= 0x7F:
				out = append(out, char{rune(b), i + 1})
			case b >= 0xC2 && b <= 0xDF:
				needed, codePoint = 1, rune(b&0x1F)
			case b >= 0xE0 && b <= 0xEF:
				if b == 0xE0 {
					lower = 0xA0
				}
				if b == 0xED {
					upper = 0x9F
				}
				needed, codePoint = 2, rune(b&0xF)
			case b >= 0xF0 && b <= 0xF4:
				if b == 0xF0 {
					lower = 0x90
				}
				if b == 0xF4 {
					upper = 0x8F
				}
				needed, codePoint = 3, rune(b&0x7)
			default:
				out = append(out, char{'\uFFFD', i + 1})
			}
			continue
		}
		if b < lower || b > upper {
			codePoint, needed, seen = 0, 0, 0
			lower, upper = 0x80, 0xBF
			out = append(out, char{'\uFFFD', i})
			i-- // the byte is restored to the stream
			continue
		}
		lower, upper = 0x80, 0xBF
		codePoint = codePoint<<6 | rune(b&0x3F)
		if seen++; seen == needed {
			out = append(out, char{codePoint, i + 1})
			codePoint, needed, seen = 0, 0, 0
		}
	}
	return out
}

type parser struct {
	setup
	result

	dataBuffer, typeBuffer, idBuffer string
	lastEventID                      string

	blockRetry    time.Duration
	hasBlockRetry bool
	idInBlock     string
}

func (p *parser) processLine(line string, offset, end int) {
	if line == "" {
		p.dispatch(end)
		return
	}
	if !p.checkSize(line, offset) {
		return
	}
	if text, ok := strings.CutPrefix(line, ":"); ok {
		if p.comments {
			p.deliver(codec.Event{Comment: text}, end)
		}
		return
	}
	name, value := nameAndValue(line)
	switch name {
	case "event":
		p.typeBuffer = value
	case "data":
		p.dataBuffer += value + "\n"
	case "id":
		if !strings.Contains(value, "\x00") {
			p.idBuffer, p.idInBlock = value, value
		}
	case "retry":
		if value == "" || strings.Trim(value, "0123456789") != "" {
			return
		}
		ms, _ := new(big.Int).SetString(value, 10)
		if largest := big.NewInt(9223372036854); ms.Cmp(largest) > 0 {
			ms = largest
		}
		p.Retry, p.HasRetry = time.Duration(ms.Int64())*time.Millisecond, true
		p.blockRetry, p.hasBlockRetry = max(p.Retry, codec.RetryZero), true
	}
}

func nameAndValue(line string) (name, value string) {
	name, value, _ = strings.Cut(line, ":")
	return name, strings.TrimPrefix(value, " ")
}

func (p *parser) dispatch(end int) {
	p.lastEventID = p.idBuffer
	switch {
	case p.dataBuffer != "":
		e := codec.Event{Type: "message", Data: strings.TrimSuffix(p.dataBuffer, "\n"), ID: p.lastEventID, Retry: p.blockRetry}
		if p.typeBuffer != "" {
			e.Type = p.typeBuffer
		}
		p.deliver(e, end)
	case p.hasBlockRetry && p.retryEvents:
		p.deliver(codec.Event{ID: p.lastEventID, Retry: p.blockRetry}, end)
	}
	p.dataBuffer, p.typeBuffer, p.idInBlock = "", "", ""
	p.blockRetry, p.hasBlockRetry = 0, false
}

func (p *parser) deliver(e codec.Event, end int) {
	p.Events = append(p.Events, e)
	p.At = append(p.At, end)
}

// checkSize reports whether the block may be held with this line, by the rule of
// WithMaxEventSize.
func (p *parser) checkSize(line string, offset int) bool {
	name, value := nameAndValue(line)
	data, typ, id := len(strings.TrimSuffix(p.dataBuffer, "\n")), 2*len(p.typeBuffer), 2*len(p.idInBlock)
	size := 2 * len(p.lastEventID)
	switch {
	case strings.HasPrefix(line, ":") && p.comments:
		name = "comment"
		size += data + typ + id + len(line) - 1
	case name == "data":
		size += len(p.dataBuffer) + len(value) + typ + id
	case name == "event":
		size += data + 2*len(value) + id
	case name == "id":
		size += data + typ + 2*len(value)
	case name == "retry":
		size += data + typ + id + len(value)
	default:
		return true
	}
	if p.limit > 0 && size > p.limit {
		p.Err = &codec.SizeError{Limit: p.limit, Offset: int64(offset), Field: name}
		return false
	}
	return true
}
