package report

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
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
	p.Legend.Top = true
	height := vg.Points(320)
	var err error
	if len(c.Groups) > 0 {
		height = vg.Points(90 + 12*float64(len(c.Groups)*(len(c.Bars)+1)))
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
	return p.Save(vg.Points(640), height, filepath.Join(folder, c.File))
}

// drawBars draws a bar as a broad line, which a logarithmic axis can show as well.
func (c Chart) drawBars(p *plot.Plot) error {
	p.X.Label.Text = c.Axis
	left := 0.0
	if c.Log {
		left = c.floor()
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		p.X.Min = left
	}
	step := len(c.Bars) + 1
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
			bar.Width, bar.Color = vg.Points(9), shade(s)
			p.Add(bar)
		}
		p.Legend.Add(series.Name, swatch(s))
	}
	var ticks []plot.Tick
	for g, name := range c.Groups {
		middle := float64((len(c.Groups)-g)*step) - float64(len(c.Bars)-1)/2
		ticks = append(ticks, plot.Tick{Value: middle, Label: name})
	}
	p.Y.Tick.Marker, p.Y.Tick.Length = plot.ConstantTicks(ticks), 0
	p.Y.Min, p.Y.Max = 1, float64(len(c.Groups)*step+1)
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
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.Legend.Left = true
	if c.Log {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	} else {
		p.Y.Min = 0
	}
	for s, series := range c.Lines {
		points := make(plotter.XYs, len(series.X))
		for i, x := range series.X {
			points[i] = plotter.XY{X: x, Y: series.Values[i]}
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		line.Width, line.Color = vg.Points(2), shade(s)
		dots.Color, dots.Shape, dots.Radius = shade(s), draw.CircleGlyph{}, vg.Points(3)
		p.Add(line, dots)
		p.Legend.Add(series.Name, line, dots)
	}
	return nil
}

// A swatch is a colour in the legend.
type swatch int

// Thumbnail implements [plot.Thumbnailer].
func (s swatch) Thumbnail(c *draw.Canvas) {
	c.FillPolygon(shade(int(s)), []vg.Point{
		{X: c.Min.X, Y: c.Min.Y},
		{X: c.Min.X, Y: c.Max.Y},
		{X: c.Max.X, Y: c.Max.Y},
		{X: c.Max.X, Y: c.Min.Y},
	})
}

// shade returns the colour of a series. The first ones are ours and stand out.
func shade(i int) color.Color {
	shades := []color.RGBA{
		{0x0b, 0x6e, 0x4f, 255},
		{0x5f, 0xc0, 0x9a, 255},
		{0xd1, 0x49, 0x5b, 255},
		{0xed, 0xae, 0x49, 255},
		{0x30, 0x63, 0x8e, 255},
		{0x8d, 0x6a, 0x9f, 255},
		{0x9a, 0x9a, 0x9a, 255},
		{0x4a, 0x4a, 0x4a, 255},
	}
	return shades[i%len(shades)]
}
