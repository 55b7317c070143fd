package main

import (
	"fmt"
	"html"
	"strings"
	"time"
)

const (
	rows       = 22 // that are visible
	columns    = 80
	lineHeight = 19  // pixels
	charWidth  = 8.5 // pixels
	padding    = 16  // pixels
	// lastFrame is how long the end stays before the recording starts again.
	lastFrame = 6 * time.Second
)

// picture draws the lines as a terminal does: each new line moves the others up. Viewers
// that do not animate show the end.
func picture(lines []line) string {
	total := lines[len(lines)-1].at + lastFrame
	width, height := int(columns*charWidth)+2*padding, rows*lineHeight+2*padding
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">
<title>A recording of %s: written by go run ./docs/pictures/record</title>
<style>
  svg { --back: #f6f8fa; --text: #1f2328; --dim: #59636e; --red: #b3261e; --green: #0a7a50; --frame: #d1d9e0 }
  @media (prefers-color-scheme: dark) {
    svg { --back: #151b23; --text: #e6edf3; --dim: #9198a1; --red: #ff7b72; --green: #3fb950; --frame: #3d444d }
  }
  text { fill: var(--text); font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre }
  .s1 { font-weight: 700 } .s2 { fill: var(--dim) } .s31 { fill: var(--red) } .s32 { fill: var(--green) }
  .back { fill: var(--back); stroke: var(--frame) }
  #lines { animation: scroll %.2fs step-end infinite }
  #curtain { animation: curtain %.2fs step-end infinite; fill: var(--back) }
  @media (prefers-reduced-motion: reduce) { #lines, #curtain { animation: none } }
`, width, height, width, height, command, total.Seconds(), total.Seconds())
	// Lines that are still to be printed are below the screen, or behind the curtain while
	// the first ones fill it.
	keyframes(&b, "scroll", lines, total, func(n int) int { return min(0, rows-n) })
	keyframes(&b, "curtain", lines, total, func(n int) int { return min(rows, n) })
	fmt.Fprintf(&b, `</style>
<clipPath id="screen"><rect x="0" y="%d" width="%d" height="%d"/></clipPath>
<rect class="back" x=".5" y=".5" width="%d" height="%d" rx="8"/>
<g clip-path="url(#screen)"><g id="lines" transform="translate(0 %d)">
`, padding, width-padding, rows*lineHeight+2, width-1, height-1, min(0, rows-len(lines))*lineHeight)
	for i, l := range lines {
		if l.text != "" {
			fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" xml:space=\"preserve\">%s</text>\n", padding, padding+(i+1)*lineHeight-5, spans(l.text))
		}
	}
	fmt.Fprintf(&b, `</g><rect id="curtain" x="1" y="%d" width="%d" height="%d" transform="translate(0 %d)"/></g>
</svg>
`, padding+2, width-2, rows*lineHeight, rows*lineHeight)
	return b.String()
}

// together is the time within which lines are shown as one.
const together = 20 * time.Millisecond

// keyframes writes how an element moves: after n lines it is move(n) lines away from its
// place.
func keyframes(b *strings.Builder, name string, lines []line, total time.Duration, move func(n int) int) {
	fmt.Fprintf(b, "  @keyframes %s {\n", name)
	for i, l := range lines {
		if i+1 < len(lines) && lines[i+1].at < l.at+together {
			continue
		}
		percent := 100 * l.at.Seconds() / total.Seconds()
		fmt.Fprintf(b, "    %.2f%% { transform: translateY(%dpx) }\n", percent, move(i+1)*lineHeight)
	}
	b.WriteString("  }\n")
}

// spans returns a line with its colours (ECMA-48 SGR) as spans.
func spans(text string) string {
	var b strings.Builder
	style := ""
	for part := range strings.SplitSeq(text, "\x1b[") {
		if code, rest, isStyle := strings.Cut(part, "m"); isStyle && isNumber(code) {
			style, part = code, rest
		}
		switch {
		case part == "":
		case style == "" || style == "0":
			b.WriteString(html.EscapeString(part))
		default:
			fmt.Fprintf(&b, `<tspan class="s%s">%s</tspan>`, style, html.EscapeString(part))
		}
	}
	return b.String()
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
