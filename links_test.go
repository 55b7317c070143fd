package rxsse_test

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLinks checks the links of every document: those into the tree lead to a file, and to
// a heading if they name one; those out of it are well formed. Nothing is fetched.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, document := range documents(t) {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, link := range links(withoutBlocks(string(text))) {
			if problem := checkLink(document, link); problem != "" {
				assert.Fail(t, problem, "%s: link to %q", document, link)
			}
		}
	}
}

// documents returns the Markdown files of all modules.
func documents(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "bin" || entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && path != "."):
			return fs.SkipDir
		case filepath.Ext(path) == ".md":
			paths = append(paths, path)
		}
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

// withoutBlocks returns a document without its blocks of code.
func withoutBlocks(text string) string {
	return regexp.MustCompile("(?ms:^ *```.*?\n *```)").ReplaceAllString(text, "")
}

// links returns the targets of links and pictures.
func links(text string) (targets []string) {
	text = regexp.MustCompile("`[^`\n]*`").ReplaceAllString(text, "")
	for _, match := range regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"|<(https?:[^>\s]+)>`).FindAllStringSubmatch(text, -1) {
		targets = append(targets, match[1]+match[2]+match[3])
	}
	return targets
}

// checkLink returns what is wrong with a link, or "".
func checkLink(document, link string) string {
	target, err := url.Parse(link)
	switch {
	case err != nil:
		return err.Error()
	case target.Scheme == "https" && strings.Contains(target.Host, "."):
		if strings.HasPrefix(target.Host+target.Path, "pkg.go.dev/github.com/rxsse/") {
			return "the module is not published: link to a file in the tree"
		}
		return ""
	case target.Scheme == "http" && strings.HasPrefix(target.Host, "127.0.0.1"):
		return ""
	case target.Scheme != "" || target.Host != "":
		return "a link out of the tree begins with https:// and the name of a host"
	}
	path := document
	if target.Path != "" {
		path = filepath.Join(filepath.Dir(document), filepath.FromSlash(target.Path))
	}
	text, err := os.ReadFile(path)
	if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
		err = nil
	}
	switch {
	case err != nil:
		return "no such file"
	case target.Fragment != "" && !anchors(string(text))[target.Fragment]:
		return "the document has no such heading"
	}
	return ""
}

// anchors returns what GitHub makes of the headings of a document.
func anchors(text string) map[string]bool {
	text = withoutBlocks(text)
	found := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ +(.+)$`).FindAllStringSubmatch(text, -1) {
		title := regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(heading[1], "$1")
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(title))
		found[anchor] = true
	}
	return found
}

func TestCheckLink(t *testing.T) {
	t.Parallel()
	for link, ok := range map[string]bool{
		"README.md":                  true,
		"docs":                       true,
		"docs/design.md#lock-order":  true,
		"https://go.dev":             true,
		"docs/missing.md":            false,
		"docs/design.md#missing":     false,
		"#missing":                   false,
		"http://go.dev":              false,
		"https://localhost":          false,
		"https://pkg.go.dev/iter":    true,
		"mailto:somebody@example.co": false,
		"https://pkg.go.dev/github.com/rxsse/rxsse/operators": false,
	} {
		assert.Equal(t, ok, checkLink("README.md", link) == "", link)
	}
}
