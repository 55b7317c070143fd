package rxsse_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFileMap compares the file map of docs/design.md with the files of the packages.
func TestFileMap(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/design.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n## File map\n")
	require.True(t, found, `docs/design.md has no section "File map"`)
	section, _, _ = strings.Cut(section, "\n## ")

	listed := filesOfMap(t, section)
	present := sourceFiles(t)
	for file := range present {
		assert.True(t, listed[file], "docs/design.md: add a line for the file %s to the table of ### `%s`", path.Base(file), path.Dir(file))
	}
	for file := range listed {
		assert.True(t, present[file], "docs/design.md: the table of ### `%s` has a line for %s, which does not exist; remove or rename it", path.Dir(file), path.Base(file))
	}
}

// filesOfMap returns the files of the tables in the file map. A heading names the
// package of the table below it; if it names several, each file is looked up in all.
func filesOfMap(t *testing.T, section string) map[string]bool {
	t.Helper()
	quoted := regexp.MustCompile("`([^`]+)`")
	files := map[string]bool{}
	for table := range strings.SplitSeq(section, "\n### ") {
		heading, rows, _ := strings.Cut(table, "\n")
		packages := quoted.FindAllStringSubmatch(heading, -1)
		for row := range strings.Lines(rows) {
			if !strings.HasPrefix(row, "| `") {
				continue
			}
			first := strings.Split(row, "|")[1]
			for _, name := range quoted.FindAllStringSubmatch(first, -1) {
				file := path.Join(packages[0][1], name[1])
				for _, other := range packages[1:] {
					if candidate := path.Join(other[1], name[1]); exists(candidate) {
						file = candidate
					}
				}
				assert.False(t, files[file], "docs/design.md: %s has two lines", file)
				files[file] = true
			}
		}
	}
	return files
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// sourceFiles returns the Go files of all packages that users or packages import. Programs
// are not among them.
func sourceFiles(t *testing.T) map[string]bool {
	t.Helper()
	skipped := []string{"benchmarks", "bin", "docs", "examples", "tools", "browsertest", "mutate", "testdata", "node_modules"}
	files := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if slices.Contains(skipped, name) || strings.HasPrefix(name, ".") && name != "." || strings.HasPrefix(name, "_") {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			files[filepath.ToSlash(file)] = true
		}
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}
