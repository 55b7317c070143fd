package report

import (
	"bytes"
	"fmt"
	"html"
)

// A drawing builds an SVG.
type drawing struct {
	b      bytes.Buffer
	colors []int // of the series, in shades
	bottom int   // of the plot, above its axis
}

func (d *drawing) printf(format string, args ...any) {
	fmt.Fprintf(&d.b, format+"\n", args...)
}

func (d *drawing) text(class string, x, y int, text string) {
	d.printf(`<text class="%s" x="%d" y="%d">%s</text>`, class, x, y, html.EscapeString(text))
}

func (d *drawing) dot(series int, x, y float64, radius int) {
	d.printf(`<circle class="c%d dot" cx="%.1f" cy="%.1f" r="%d"/>`, d.colors[series], x, y, radius)
}

// legend writes the names of the series in columns wide enough for the longest, and returns
// where it ends.
func (d *drawing) legend(all []Series, y int) int {
	longest := 0
	for _, s := range all {
		longest = max(longest, len(s.Name))
	}
	column := 34 + letter*longest
	columns := max(1, (width-2*margin)/column)
	for i, s := range all {
		x, y := margin+i%columns*column, y+i/columns*18
		d.printf(`<rect class="c%d" x="%d" y="%d" width="12" height="12" rx="2"/>`, d.colors[i], x, y-10)
		d.text("legend", x+18, y, s.Name)
	}
	return y + (len(all)+columns-1)/columns*18 - 18
}

// grid draws the ticks of a horizontal axis and its name below them.
func (d *drawing) grid(a axis, top, bottom int, name string) {
	for _, t := range a.ticks {
		d.printf(`<path class="grid" d="M%.1f %d V%d"/>`, a.at(t), top, bottom)
		d.printf(`<text class="tick" x="%.1f" y="%d">%s</text>`, a.at(t), bottom+16, short(t))
	}
	d.text("axis", margin, bottom+36, name)
}

// svg returns the picture, for light and for dark pages.
func (d *drawing) svg() []byte {
	height := d.bottom + 48
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d">`+"\n", width, height, width, height)
	out.WriteString(`<style>
text { font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 } .name { text-anchor: end } .tick { text-anchor: middle }
.tick, .axis, .value { fill: #57606a } .value { font-size: 10px }
.grid { stroke: #d0d7de; stroke-width: 1; fill: none } .line { stroke-width: 2; fill: none } .dot { stroke: #ffffff; stroke-width: 1 }
`)
	for i, s := range shades() {
		fmt.Fprintf(&out, ".c%d { fill: %s } .l%d { stroke: %s }\n", i, s.light, i, s.light)
	}
	out.WriteString("@media (prefers-color-scheme: dark) {\ntext { fill: #f0f6fc } .tick, .axis, .value { fill: #9198a1 } .grid { stroke: #3d444d } .dot { stroke: #0d1117 }\n")
	for i, s := range shades() {
		fmt.Fprintf(&out, ".c%d { fill: %s } .l%d { stroke: %s }\n", i, s.dark, i, s.dark)
	}
	out.WriteString("}\n</style>\n")
	out.Write(d.b.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}
