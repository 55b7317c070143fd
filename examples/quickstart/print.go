package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
)

// columns is the width of the output.
const columns = 80

// A printer writes tables, in colour if the output is a terminal.
type printer struct {
	colour bool
	mu     sync.Mutex // the source reports its connection from another goroutine
	w      io.Writer
	err    error              // of the first failed write
	before map[string]float64 // the last price of each symbol in earlier windows
}

func newPrinter(w io.Writer) *printer {
	return &printer{w: w, colour: isTerminal(w), before: map[string]float64{}}
}

// isTerminal reports whether w is a terminal that shows colours, and the user has not asked
// for plain text, see https://no-color.org.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

const (
	bold  = "1"
	dim   = "2"
	red   = "31"
	green = "32"
)

func (p *printer) paint(style, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// printf writes to the output. After an error it writes nothing more.
func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// say prints a text, wrapped to the width of the output.
func (p *printer) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(clip(fmt.Sprintf(format, args...), 20*columns)) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > columns {
			lines, line = append(lines, p.paint(dim, line)), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	lines = append(lines, p.paint(dim, line))
	p.printf("%s\n", strings.Join(lines, "\n"))
}

// header begins the table of a window.
func header[T any](p *printer, w operators.WindowOf[T], names string) {
	span := w.Start.Format("15:04:05.000") + " to " + w.End.Format("15:04:05.000")
	p.printf("\n%s\n%s\n", p.paint(bold, span), p.paint(dim, names))
}

// trades prints a window of settled trades, a line for each symbol.
func (p *printer) trades(w operators.WindowOf[Trade]) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	type line struct {
		sweeps          int
		low, high, last float64
		name            string
	}
	lines := map[string]line{}
	for _, t := range w.Items {
		l, found := lines[t.Symbol]
		if !found {
			l = line{low: t.Price, high: t.Price, name: t.Name}
		}
		l.sweeps++
		l.low, l.high, l.last = min(l.low, t.Price), max(l.high, t.Price), t.Price
		lines[t.Symbol] = l
	}
	header(p, w, fmt.Sprintf("%-9s %6s %11s %11s %11s %8s  %s", "symbol", "sweeps", "low", "high", "last", "change", "name"))
	for _, symbol := range slices.Sorted(maps.Keys(lines)) {
		l := lines[symbol]
		p.printf("%-9s %6d %11.5g %11.5g %11.5g %s  %s\n",
			symbol, l.sweeps, l.low, l.high, l.last, p.change(symbol, l.last), l.name)
		p.before[symbol] = l.last
	}
	return p.err
}

// change returns the change of the price since the last window with the symbol.
func (p *printer) change(symbol string, price float64) string {
	before, known := p.before[symbol]
	if !known {
		return fmt.Sprintf("%8s", "")
	}
	text := fmt.Sprintf("%+7.2f%%", (price/before-1)*100)
	if price < before {
		return p.paint(red, text)
	}
	return p.paint(green, text)
}

// events prints a window of events of any kind, a line for each type.
func (p *printer) events(w operators.WindowOf[codec.Event]) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	type line struct {
		events, bytes int
		last          string
	}
	lines := map[string]line{}
	for _, e := range w.Items {
		l := lines[e.Type]
		l.events++
		l.bytes += len(e.Data)
		l.last = e.Data
		lines[e.Type] = l
	}
	header(p, w, fmt.Sprintf("%-20s %7s %9s  %s", "type", "events", "bytes", "last"))
	for _, kind := range slices.Sorted(maps.Keys(lines)) {
		l := lines[kind]
		p.printf("%-20s %7d %9d  %s\n", clip(kind, 20), l.events, l.bytes, clip(l.last, columns-40))
	}
	return p.err
}

// clip turns a text from the network into one line of at most n characters, without
// characters that would control the terminal.
func clip(text string, n int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError || 0x7f <= r && r < 0xa0 {
			return ' '
		}
		return r
	}, text[:min(len(text), 4*n)])
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}

// summary ends the run on the embedded feed, which sent total events.
func (p *printer) summary(t *tally, total int, interrupted bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	lost := t.lost
	sent := fmt.Sprintf("of %d sent", total)
	if interrupted {
		sent += ", interrupted"
	} else {
		lost += total - t.last
	}
	style := green
	if lost+t.duplicated > 0 {
		style = red
	}
	p.printf("\nevents: %d (%s)  reconnects: %d  %s\n", t.events, sent, t.reconnects(),
		p.paint(style, fmt.Sprintf("lost: %d  duplicated: %d", lost, t.duplicated)))
	return p.err
}

// liveSummary ends the run on a live server.
func (p *printer) liveSummary(t *tally, ending string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.printf("\nevents: %d  reconnects: %d  ended: %s\n", t.events, t.reconnects(), ending)
	return p.err
}
