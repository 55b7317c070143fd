package report

import (
	"bytes"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Chart is a picture of a section's numbers.
type Chart struct {
	File  string // its name in the folder of charts, ending in .svg
	Title string
	Axis  string // of the measured values, with their unit
	Log   bool   // whether the values are drawn on a logarithmic axis

	// Groups make it a chart of bars: a group of bars for each, and in it one of
	// each series, whose values are in the order of the groups. A value of zero
	// is left out.
	Groups []string
	Bars   []Series

	// Lines make it one of lines over a logarithmic axis.
	Over  string
	Lines []Series
}

// A Series is what is drawn in one colour.
type Series struct {
	Name   string
	X      []float64 // of lines
	Values []float64
}

// Write draws the chart into the folder.
func (c Chart) Write(folder string) error {
	p := plot.New()
	p.Title.Text = c.Title
	p.Title.Padding = vg.Points(8)
	for _, style := range []*text.Style{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		style.Font.Variant = "Sans"
	}
	p.Legend.Top = true
	height := vg.Points(320)
	var err error
	if len(c.Groups) > 0 {
		height = vg.Points(90 + 12*float64(len(c.Groups)*(len(c.Bars)+1)+len(c.Bars)))
		err = c.drawBars(p)
	} else {
		err = c.drawLines(p)
	}
	if err != nil {
		return fmt.Errorf("chart %s: %w", c.File, err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return save(p, height, filepath.Join(folder, c.File))
}

// save writes the picture with fonts that are as wide as the one it was drawn
// with, for those who do not have that.
func save(p *plot.Plot, height vg.Length, path string) error {
	picture, err := p.WriterTo(vg.Points(640), height, "svg")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if _, err := picture.WriteTo(&b); err != nil {
		return err
	}
	svg := bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif"))
	return os.WriteFile(path, svg, 0o644)
}

// drawBars draws a bar as a broad line, which a logarithmic axis can show as well.
func (c Chart) drawBars(p *plot.Plot) error {
	p.X.Label.Text, p.Y.Label.Text = c.Axis, " " // which keeps the names off the edge
	left := 0.0
	if c.Log {
		left = c.floor()
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, powers{plot.LogTicks{Prec: -1}}
		p.X.Min = left
	}
	step := len(c.Bars) + 1
	colors := shades(c.Bars)
	for s, series := range c.Bars {
		for g, value := range series.Values {
			if value <= 0 {
				continue
			}
			y := float64((len(c.Groups)-g)*step - s)
			bar, err := plotter.NewLine(plotter.XYs{{X: left, Y: y}, {X: value, Y: y}})
			if err != nil {
				return err
			}
			bar.Width, bar.Color = vg.Points(9), colors[s]
			p.Add(bar)
		}
		p.Legend.Add(series.Name, swatch{colors[s]})
	}
	var ticks []plot.Tick
	for g, name := range c.Groups {
		middle := float64((len(c.Groups)-g)*step) - float64(len(c.Bars)-1)/2
		ticks = append(ticks, plot.Tick{Value: middle, Label: name})
	}
	p.Y.Tick.Marker, p.Y.Tick.Length = plot.ConstantTicks(ticks), 0
	p.Y.Min, p.Y.Max = 1, float64(len(c.Groups)*step+1+len(c.Bars)) // the legend is above the bars
	return nil
}

// floor is where the bars on a logarithmic axis begin: a power of ten below the
// smallest value.
func (c Chart) floor() float64 {
	least := 1e9
	for _, series := range c.Bars {
		for _, v := range series.Values {
			if v > 0 {
				least = min(least, v)
			}
		}
	}
	power := 1e-3
	for power*10 < least {
		power *= 10
	}
	return power
}

func (c Chart) drawLines(p *plot.Plot) error {
	p.X.Label.Text, p.Y.Label.Text = c.Over, c.Axis
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, powers{plot.LogTicks{Prec: -1}}
	p.Legend.Left = c.rises()
	if c.Log {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, powers{plot.LogTicks{Prec: -1}}
	} else {
		p.Y.Min = 0
	}
	colors := shades(c.Lines)
	for s, series := range c.Lines {
		points := make(plotter.XYs, len(series.X))
		for i, x := range series.X {
			points[i] = plotter.XY{X: x, Y: series.Values[i]}
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		line.Width, line.Color = vg.Points(2), colors[s]
		dots.Color, dots.Shape, dots.Radius = colors[s], draw.CircleGlyph{}, vg.Points(3)
		p.Add(line, dots)
		p.Legend.Add(series.Name, line, dots)
	}
	return nil
}

// rises reports whether the first line ends higher than it begins, which leaves room
// for the legend on the left.
func (c Chart) rises() bool {
	values := c.Lines[0].Values
	return values[len(values)-1] > values[0]
}

// A swatch is a colour in the legend.
type swatch struct{ color color.Color }

// Thumbnail implements [plot.Thumbnailer].
func (s swatch) Thumbnail(c *draw.Canvas) {
	c.FillPolygon(s.color, []vg.Point{
		{X: c.Min.X, Y: c.Min.Y},
		{X: c.Min.X, Y: c.Max.Y},
		{X: c.Max.X, Y: c.Max.Y},
		{X: c.Max.X, Y: c.Min.Y},
	})
}

// shades returns a colour for each series: greens for ours, others for others.
func shades(all []Series) []color.Color {
	ours := []color.Color{color.RGBA{0x0b, 0x6e, 0x4f, 255}, color.RGBA{0x5f, 0xc0, 0x9a, 255}}
	theirs := []color.Color{
		color.RGBA{0xd1, 0x49, 0x5b, 255},
		color.RGBA{0xed, 0xae, 0x49, 255},
		color.RGBA{0x30, 0x63, 0x8e, 255},
		color.RGBA{0x8d, 0x6a, 0x9f, 255},
		color.RGBA{0x8a, 0x8a, 0x8a, 255},
		color.RGBA{0x4a, 0x4a, 0x4a, 255},
	}
	colors := make([]color.Color, len(all))
	for i, series := range all {
		from := &theirs
		if strings.HasPrefix(series.Name, "rxsse") {
			from = &ours
		}
		colors[i] = (*from)[0]
		*from = append((*from)[1:], (*from)[0]) // begin anew when they are used up
	}
	return colors
}

// powers marks a logarithmic axis, with names of a few letters for large numbers.
type powers struct{ plot.LogTicks }

// Ticks implements [plot.Ticker].
func (p powers) Ticks(least, most float64) []plot.Tick {
	ticks := p.LogTicks.Ticks(least, most)
	for i, t := range ticks {
		switch {
		case t.Label == "":
		case t.Value >= 1e6:
			ticks[i].Label = fmt.Sprintf("%gM", t.Value/1e6)
		case t.Value >= 1e3:
			ticks[i].Label = fmt.Sprintf("%gk", t.Value/1e3)
		}
	}
	return ticks
}
