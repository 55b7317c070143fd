package report

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Chart is a picture of a section's numbers.
type Chart struct {
	File  string // its name in the folder of charts, ending in .svg
	Title string
	Axis  string // of the measured values, with their unit
	Log   bool   // whether the values are drawn on a logarithmic axis

	// Groups makes it a bar chart: a group of bars for each name, with a bar of each series,
	// whose values are in the order of the groups. Zero values are left out. On a
	// logarithmic axis, where the length of a bar means nothing, dots are drawn instead.
	Groups []string
	Bars   []Series

	// Lines makes it a line chart over a logarithmic axis.
	Over  string
	Lines []Series
}

// A Series is the values drawn in one colour.
type Series struct {
	Name   string
	X      []float64 // of lines
	Values []float64
}

// The dimensions of a chart, in pixels. No position depends on the width of a text, since
// the reader's fonts are unknown; letter is an upper bound for the average letter.
const (
	width   = 720
	margin  = 16
	letter  = 7
	barStep = 13 // from one bar of a group to the next
	plotted = 260
)

// Write draws the chart into the folder.
func (c Chart) Write(folder string) error {
	series := c.Bars
	if len(c.Groups) == 0 {
		series = c.Lines
	}
	d := &drawing{colors: colorsOf(series)}
	d.text("title", margin, 26, c.Title)
	top := d.legend(series, 50) + 14
	switch {
	case len(c.Groups) == 0:
		c.drawLines(d, top)
	case c.Log:
		c.drawDots(d, top)
	default:
		c.drawBars(d, top)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, c.File), d.svg(), 0o644)
}

// left returns where the axis begins, to the right of the names of the groups.
func (c Chart) left() int {
	longest := 0
	for _, name := range c.Groups {
		longest = max(longest, len(name))
	}
	return 2*margin + letter*longest
}

// drawBars draws a group of bars for each name, with the value at the end of each.
func (c Chart) drawBars(d *drawing, top int) {
	left := c.left()
	a := linear(0, most(c.Bars), left, width-margin-6*letter)
	height := barStep*len(c.Bars) + 12
	bottom := top + height*len(c.Groups)
	d.grid(a, top, bottom, c.Axis)
	for g, name := range c.Groups {
		y := top + g*height + 6
		d.text("name", left-8, y+barStep*len(c.Bars)/2+4, name)
		for s, series := range c.Bars {
			if v := series.Values[g]; v > 0 {
				d.printf(`<rect class="c%d" x="%d" y="%d" width="%.1f" height="%d"/>`, d.colors[s], left, y, a.at(v)-float64(left), barStep-3)
				d.printf(`<text class="value" x="%.1f" y="%d">%s</text>`, a.at(v)+4, y+barStep-4, short(v))
			}
			y += barStep
		}
	}
	d.bottom = bottom
}

// drawDots draws a line for each name, with a dot for each series.
func (c Chart) drawDots(d *drawing, top int) {
	const height = 30
	left := c.left()
	a := logarithmic(c.Bars, func(s Series) []float64 { return s.Values }, left, width-margin-2*letter)
	bottom := top + height*len(c.Groups)
	d.grid(a, top, bottom, c.Axis)
	for g, name := range c.Groups {
		y := top + g*height + height/2
		d.text("name", left-8, y+4, name)
		d.printf(`<path class="grid" d="M%d %d H%d"/>`, left, y, width-margin)
		for s, series := range slices.Backward(c.Bars) { // the first, ours, on top
			if v := series.Values[g]; v > 0 {
				d.dot(s, a.at(v), float64(y), 6)
			}
		}
	}
	d.bottom = bottom
}

func (c Chart) drawLines(d *drawing, top int) {
	const left = margin + 8*letter
	x := measured(c.Lines, left, width-2*margin)
	d.text("axis", margin, top+4, c.Axis)
	top += 16
	bottom := top + plotted
	y := linear(0, most(c.Lines), bottom, top)
	if c.Log {
		y = logarithmic(c.Lines, func(s Series) []float64 { return s.Values }, bottom, top)
	}
	d.grid(x, top, bottom, c.Over)
	for _, t := range y.ticks {
		d.printf(`<path class="grid" d="M%d %.1f H%d"/>`, left, y.at(t), width-2*margin)
		d.printf(`<text class="name" x="%d" y="%.1f">%s</text>`, left-8, y.at(t)+4, short(t))
	}
	for s, line := range slices.Backward(c.Lines) {
		var path strings.Builder
		for i, v := range line.Values {
			fmt.Fprintf(&path, "%c%.1f %.1f ", "ML"[min(i, 1)], x.at(line.X[i]), y.at(v))
		}
		d.printf(`<path class="line l%d" d="%s"/>`, d.colors[s], path.String())
		for i, v := range line.Values {
			d.dot(s, x.at(line.X[i]), y.at(v), 4)
		}
	}
	d.bottom = bottom
}
