package marbles

import (
	"fmt"
	"html"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Measures, in units of the picture.
const (
	step      = 26 // a frame
	left      = 24
	rowHeight = 46
	boxHeight = 40
	radius    = 12
)

// A mark is something at a frame of a diagram: an item, or an end (|, #).
type mark struct {
	frame int
	text  string
	shift int // how far it stands to the right of what came first in its frame
}

func (m mark) isEnd() bool { return m.text == "|" || m.text == "#" }

// parse reads a diagram of package marble.
func parse(diagram string) (marks []mark) {
	frame, shift := 0, 0
	together := false
	for i := 0; i < len(diagram); i++ {
		text := string(diagram[i])
		switch text {
		case "-":
			frame++
			continue
		case "(":
			together, shift = true, 0
			continue
		case ")":
			together, shift = false, 0
			frame++
			continue
		case "[":
			end := i + strings.Index(diagram[i:], "]")
			text, i = diagram[i+1:end], end
		}
		marks = append(marks, mark{frame, text, shift})
		if together {
			shift += 2*half(text) - 6
		} else {
			frame++
		}
	}
	return marks
}

// draw makes a picture: the streams that go in, what is done, what comes out.
func draw(inputs []string, code, output string) string {
	width := 0
	for _, diagram := range append(inputs, output) {
		for _, m := range parse(diagram) {
			width = max(width, x(m))
		}
	}
	total := width + step + left + 16
	total = max(total, len(code)*8+2*left)
	var b strings.Builder
	height := (len(inputs)+1)*rowHeight + boxHeight + 16
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n", total, height, total, height)
	fmt.Fprintf(&b, "<title>%s: %s gives %s</title>\n", html.EscapeString(code), html.EscapeString(strings.Join(inputs, " and ")), html.EscapeString(output))
	b.WriteString(style)
	y := rowHeight / 2
	for _, diagram := range inputs {
		row(&b, diagram, y, total)
		y += rowHeight
	}
	y -= rowHeight / 2
	fmt.Fprintf(&b, `<rect class="box" x="6" y="%d" width="%d" height="%d" rx="6"/>`+"\n", y+8, total-12, boxHeight-8)
	fmt.Fprintf(&b, `<text class="code" x="%d" y="%d">%s</text>`+"\n", total/2, y+29, html.EscapeString(code))
	row(&b, output, y+boxHeight+8+rowHeight/2, total)
	b.WriteString("</svg>\n")
	return b.String()
}

const style = `<style>
  .line { stroke: #57606a; stroke-width: 1.5 }
  .arrow { fill: #57606a }
  .item { stroke: #1f2328; stroke-width: 1.2 }
  .c0 { fill: #8ecbff } .c1 { fill: #ffd166 } .c2 { fill: #9be7a8 } .c3 { fill: #f7a8b8 } .c4 { fill: #cbb2f5 } .c5 { fill: #ffb38a }
  text { font: 600 12px ui-monospace, SFMono-Regular, Menlo, monospace; text-anchor: middle; fill: #1f2328 }
  .end { stroke: #1f2328; stroke-width: 2.5 }
  .error { stroke: #cf222e; stroke-width: 2.5 }
  .box { fill: none; stroke: #57606a; stroke-width: 1.5 }
  .code { font-size: 13px; fill: #1f2328 }
  @media (prefers-color-scheme: dark) {
    .line, .box { stroke: #9198a1 } .arrow { fill: #9198a1 }
    .end { stroke: #f0f6fc } .error { stroke: #ff7b72 }
    .code { fill: #f0f6fc }
  }
</style>
`

// row draws a stream along a line at y.
func row(b *strings.Builder, diagram string, y, total int) {
	end := total - left
	marks := parse(diagram)
	if n := len(marks); n > 0 && marks[n-1].isEnd() {
		end = x(marks[n-1]) + step
	}
	fmt.Fprintf(b, `<path class="line" d="M8 %d H%d"/><path class="arrow" d="M%d %d l-8 -4 v8 z"/>`+"\n", y, end-6, end, y)
	for i := range marks {
		m := marks[len(marks)-1-i] // the first of a frame on top
		switch m.text {
		case "|":
			fmt.Fprintf(b, `<path class="end" d="M%d %d v24"/>`+"\n", x(m), y-12)
		case "#":
			fmt.Fprintf(b, `<path class="error" d="M%d %d l16 16 m0 -16 l-16 16"/>`+"\n", x(m)-8, y-8)
		default:
			item(b, m, y)
		}
	}
}

func x(m mark) int { return left + m.frame*step + m.shift }

// half is half the width of an item: of a circle, or, if there is more to say, of a
// pill.
func half(text string) int { return max(radius, 4*len(text)+5) }

func item(b *strings.Builder, m mark, y int) {
	color := (int(strings.ToLower(m.text)[0]) + 5) % 6
	fmt.Fprintf(b, `<rect class="item c%d" x="%d" y="%d" width="%d" height="%d" rx="%d"/>`, color, x(m)-half(m.text), y-radius, 2*half(m.text), 2*radius, radius)
	fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", x(m), y+4, html.EscapeString(m.text))
}

func TestParse(t *testing.T) {
	assert.Equal(t, []mark{{1, "a", 0}, {3, "bc", 0}, {4, "d", 0}, {4, "ef", 18}, {4, "|", 38}}, parse("-a-[bc](d[ef]|)"))
	assert.Empty(t, parse("---"))
}
