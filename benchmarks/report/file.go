package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A File is the report of all sections. Sections that are not measured again stay unchanged.
type File struct {
	Folder   string   // holds RESULTS.md and charts
	Order    []string // of the sections in the file
	Versions []string // of the compared modules
	Quick    bool
}

// Put writes a section and its charts, replacing an earlier one of the same name.
func (f File) Put(s Section, took time.Duration) error {
	for _, c := range s.Charts {
		if err := c.Write(filepath.Join(f.Folder, "charts")); err != nil {
			return err
		}
	}
	path := filepath.Join(f.Folder, "RESULTS.md")
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	sections := parse(string(old))
	var b strings.Builder
	if err := s.Write(&b); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\nMeasured on %s in %s by `%s`, on %s.\n",
		time.Now().UTC().Format(time.DateOnly), Time(took), f.command(s.Name), Machine())
	if f.Quick {
		b.WriteString("\n**A quick run: each contender ran about once. These numbers show that it works, not how fast it is.**\n")
	}
	sections[s.Name] = b.String()
	return os.WriteFile(path, []byte(f.join(sections)), 0o644)
}

func (f File) command(section string) string {
	quick := ""
	if f.Quick {
		quick = " -quick"
	}
	return "go run ./cmd/report" + quick + " -only " + section
}

func (f File) join(sections map[string]string) string {
	var b strings.Builder
	b.WriteString("# Results\n\nWritten by `go run ./cmd/report`; README.md says what is measured how, and how to disagree.\n")
	b.WriteString("Times are medians, with the fastest and the slowest sample in brackets.\n\nCompared:\n\n")
	for _, v := range f.Versions {
		fmt.Fprintf(&b, "- %s\n", v)
	}
	for _, name := range f.Order {
		if text, ok := sections[name]; ok {
			fmt.Fprintf(&b, "\n%s%s%s%s", begin, name, end, text)
		}
	}
	return b.String()
}

// begin and end enclose the name of a section in the file.
const begin, end = "<!-- section: ", " -->\n"

// parse returns the sections of a file by their names.
func parse(text string) map[string]string {
	sections := map[string]string{}
	parts := strings.Split(text, "\n"+begin)
	for _, part := range parts[1:] {
		if name, body, found := strings.Cut(part, end); found {
			sections[name] = strings.TrimRight(body, "\n") + "\n"
		}
	}
	return sections
}
