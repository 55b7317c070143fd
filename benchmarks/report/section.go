// Package report writes the results of the benchmarks: tables in a Markdown file and charts
// beside it.
package report

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// A Section is the report of one benchmark.
type Section struct {
	Name   string // as the flag -only of cmd/report takes it
	Title  string
	About  string // what is measured, and how
	Tables []Table
	Charts []Chart
	Notes  []string
}

// A Table has its widest column first, and numbers in the others.
type Table struct {
	Title   string
	Columns []string
	Rows    [][]string
}

// Write writes the section in Markdown.
func (s Section) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s\n", s.Title, s.About)
	for _, c := range s.Charts {
		fmt.Fprintf(&b, "\n![%s](charts/%s)\n", c.Title, c.File)
	}
	for _, t := range s.Tables {
		t.write(&b)
	}
	if len(s.Notes) > 0 {
		b.WriteByte('\n')
	}
	for _, note := range s.Notes {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t Table) write(b *strings.Builder) {
	if t.Title != "" {
		fmt.Fprintf(b, "\n### %s\n", t.Title)
	}
	fmt.Fprintf(b, "\n| %s |\n|---|%s\n", strings.Join(t.Columns, " | "), strings.Repeat("--:|", len(t.Columns)-1))
	for _, row := range t.Rows {
		fmt.Fprintf(b, "| %s |\n", strings.ReplaceAll(strings.Join(row, " | "), "\n", " "))
	}
}

// Number writes a measured value with three significant digits.
func Number(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995:
		return fmt.Sprintf("%.1f", v)
	case v >= 0.9995:
		return fmt.Sprintf("%.2f", v)
	case v >= 0.0005:
		return fmt.Sprintf("%.3f", v)
	}
	return "0.000"
}

// Times writes a/b as a multiple.
func Times(a, b float64) string {
	if b == 0 {
		return ""
	}
	return Number(a/b) + "×"
}

// Time writes a duration with three significant digits.
func Time(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return Number(float64(d)) + " ns"
	case d < time.Millisecond:
		return Number(float64(d)/1e3) + " µs"
	case d < time.Second:
		return Number(float64(d)/1e6) + " ms"
	}
	return Number(d.Seconds()) + " s"
}
