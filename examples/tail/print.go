package main

import (
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rxsse/rxsse/codec"
)

// A printer prints events for people.
type printer struct {
	w           io.Writer
	indent, raw bool
	buf         []byte
}

func (p *printer) print(events []codec.Event) error {
	p.buf = p.buf[:0]
	for _, e := range events {
		if p.raw {
			p.buf = append(p.buf, printable(e.String())...)
			continue
		}
		p.buf = time.Now().AppendFormat(p.buf, "15:04:05.000")
		if e.Type == "" {
			p.buf = append(p.buf, " :"+printable(e.Comment)+"\n"...)
			continue
		}
		p.buf = append(p.buf, " "+printable(e.Type)...)
		if e.ID != "" {
			p.buf = append(p.buf, " #"+printable(e.ID)...)
		}
		data := e.Data
		if p.indent {
			data = indented(data)
		}
		data = printable(data)
		if strings.Contains(data, "\n") {
			data = "\n    " + strings.ReplaceAll(data, "\n", "\n    ")
		} else {
			data = "  " + data
		}
		p.buf = append(append(p.buf, data...), '\n')
	}
	_, err := p.w.Write(p.buf)
	return err
}

// indented returns JSON on several lines, and other data unchanged.
func indented(data string) string {
	value := jsontext.Value(data)
	if len(data) == 0 || (data[0] != '{' && data[0] != '[') || value.Indent(jsontext.WithIndent("  ")) != nil {
		return data
	}
	return string(value)
}

// printable replaces control characters, which could control the terminal: the text of a
// stream is not trusted.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || unicode.IsPrint(r):
			return r
		case r < 0x20:
			return r + 0x2400 // the picture of the control character
		case r == unicode.ReplacementChar:
			return r
		}
		return '·'
	}, s)
}
