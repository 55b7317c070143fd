package rxsse_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// riddles are phrases that a reader has to read twice, and what to write instead.
var riddles = []struct{ pattern, instead string }{
	{`[Ww]hoever`, `name the subject: the caller, the client, the reader`},
	{`(?:^|[.;:] |, )(?:[Ww]ho|[Tt]hose who) (?:come|want|ask|read|need|leave|join|write|send)s?\b`, `name the subject: the caller, the client, the next call`},
	{`(?:^|[.] )What (?:comes|came|counts|costs|has|had|was|is (?:left|held|later|delivered|written)) [^?]*?[.]`, `name the subject: the item, the event, the call`},
	{`[Tt]hat which`, `name the thing`},
	{`(?:is|are|was|were|be|been) over(?: |[.,;:)]|$)`, `ends, has ended`},
	{`\bso (?:many|long)\b`, `that many, as long as, n events`},
	{`\btells\b`, `reports, says, returns, shows`},
	{`\bis the (?:caller|user|consumer|reader)'s(?:[.,;:]| to )`, `the caller does it`},
	{`\bis asked for\b`, `name who asks: the server gets one request for it`},
	{`\bof no (?:more )?use\b`, `cannot be used again`},
	{`\bcomes? to nothing\b`, `fails`},
	{`\bgot round\b`, `has not yet done`},
	{`\b(?:has|have) (?:\w+ )?(?:comments|blocks|events|items|everything|clients|waiters) (?:delivered|woken|sent|written|flushed)\b`, `delivers comments, wakes the clients`},
	{`\bhas not an opinion\b|\bhas no opinion\b`, `does not decide`},
	{`\bsake\b`, `say the reason`},
	{`\bwithout pause\b`, `at once, in a loop`},
	{`\bin good time\b|\bin due course\b`, `say when`},
}

// TestPlainEnglish checks the comments of all Go files and the text of all documents for
// phrases that a reader has to read twice. There are no exceptions.
func TestPlainEnglish(t *testing.T) {
	t.Parallel()
	patterns := make([]*regexp.Regexp, len(riddles))
	for i, r := range riddles {
		patterns[i] = regexp.MustCompile(r.pattern)
	}
	for _, passage := range passages(t) {
		for i, pattern := range patterns {
			for _, found := range pattern.FindAllString(passage.text, -1) {
				assert.Fail(t, "a phrase that readers have to read twice",
					"%s: %q; write instead: %s", passage.place, found, riddles[i].instead)
			}
		}
	}
}

// A passage is a comment or a paragraph, on one line.
type passage struct{ place, text string }

// passages returns the comments of the Go files and the paragraphs of the documents.
func passages(t *testing.T) (all []passage) {
	t.Helper()
	files := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "bin" || entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && path != "."):
			return fs.SkipDir
		case path == "english_test.go":
		case filepath.Ext(path) == ".go":
			file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, group := range file.Comments {
				all = append(all, passage{files.Position(group.Pos()).String(), oneLine(group.Text())})
			}
		case filepath.Ext(path) == ".md":
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for paragraph := range strings.SplitSeq(withoutBlocks(string(text)), "\n\n") {
				all = append(all, passage{path, oneLine(paragraph)})
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, len(all), 1000)
	return all
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// A phrase is found across the end of a line, and a heading is no sentence.
func TestRiddles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"The stream is\nover.": 1, "Whoever reads next gets it.": 1, "Who comes later misses it.": 1,
		"What comes through q is delivered.": 1, "What it costs": 0, "What is lost?": 0,
		"WithComments has comments delivered.": 1, "It ends after so many items.": 1,
		"minimum over the sources": 0, "The caller flushes.": 0,
	} {
		found := 0
		for _, r := range riddles {
			found += len(regexp.MustCompile(r.pattern).FindAllString(oneLine(text), -1))
		}
		assert.Equal(t, want, found, text)
	}
}
