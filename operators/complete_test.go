package operators

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// excused lists missing pieces, and why they are missing.
var excused = map[string]string{
	"GracePeriod: a check of the contract": "src outlives the range, which is what it is for",

	"CountDropped: a benchmark":   "adds to a counter",
	"GracePeriod: a benchmark":    "changes the end only",
	"MaxGroups: a benchmark":      "changes a limit only",
	"MinSubscribers: a benchmark": "changes the start only",
	"Offset: a benchmark":         "costs as Tumbling",
	"SkipInvalid: a benchmark":    "is for events that are wrong",
	"Sample: a benchmark":         "costs as Audit",
	"Timeout: a benchmark":        "costs as Buffer",

	"SkipInvalid: a test in virtual time": "is for synchronous operators",
}

// Every operator, window and option has an Example to copy, a check of the contract, and
// its place in the overview of the package and in the guide. What depends on time or on
// goroutines has a test in virtual time and a benchmark as well.
func TestOperatorsAreComplete(t *testing.T) {
	files := readFiles(t)
	missing, names := incomplete(t, files)
	assert.Empty(t, missing)
	require.Greater(t, len(names), 80)

	// The check detects missing pieces for any name.
	for file := range files {
		if strings.HasSuffix(file, "_test.go") {
			delete(files, file)
		}
	}
	files["doc.go"], files["../docs/operators.md"] = "package operators", ""
	missing, _ = incomplete(t, files)
	for _, name := range names {
		for _, piece := range []string{"an Example", "a check of the contract", "a place in doc.go", "a place in docs/operators.md"} {
			if excused[name+": "+piece] == "" {
				assert.Contains(t, missing, name+": "+piece)
			}
		}
	}
	for _, name := range []string{"Debounce", "Merge", "Window", "ByWeight", "WithEarlyEvery", "In"} {
		assert.Contains(t, missing, name+": a test in virtual time")
		assert.Contains(t, missing, name+": a benchmark")
	}
}

// readFiles returns the texts of the files of the package, and that of the guide.
func readFiles(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	files := map[string]string{}
	for _, path := range append(paths, "../docs/operators.md") {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		files[path] = string(text)
	}
	return files
}

// incomplete returns the missing pieces, and the names that it has checked.
func incomplete(t *testing.T, files map[string]string) (missing, names []string) {
	t.Helper()
	examples := map[string]bool{}
	var contract, virtual, benchmarks strings.Builder
	var declared []*ast.FuncDecl
	for path, text := range files {
		if !strings.HasSuffix(path, ".go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			f, isFunc := decl.(*ast.FuncDecl)
			if !isFunc {
				continue
			}
			body := text[f.Pos()-1 : f.End()-1]
			switch name := f.Name.Name; {
			case !strings.HasSuffix(path, "_test.go"):
				if f.Name.IsExported() && f.Type.Results != nil && isBuilt.MatchString(text[f.Type.Results.Pos()-1:f.Type.Results.End()-1]) {
					declared = append(declared, f)
				}
			case strings.HasPrefix(name, "Example"):
				examples[name[max(len("Example"), strings.LastIndex(name, "_")+1):]] = true
			case strings.HasPrefix(name, "Benchmark"):
				benchmarks.WriteString(body)
			default:
				if strings.Contains(body, "rxssetest.Operator[") {
					contract.WriteString(body)
				}
				if inBubble.MatchString(body) {
					virtual.WriteString(body)
				}
			}
		}
	}
	for _, f := range declared {
		name := f.Name.Name
		names = append(names, name)
		word := regexp.MustCompile(`\b` + name + `\b`)
		need := func(ok bool, piece string) {
			if !ok && excused[name+": "+piece] == "" {
				missing = append(missing, name+": "+piece)
			}
		}
		need(examples[name], "an Example")
		need(word.MatchString(contract.String()), "a check of the contract")
		need(word.MatchString(files["doc.go"]), "a place in doc.go")
		need(word.MatchString(files["../docs/operators.md"]), "a place in docs/operators.md")
		if !isSynchronous.MatchString(f.Doc.Text()) {
			need(word.MatchString(virtual.String()), "a test in virtual time")
			need(word.MatchString(benchmarks.String()), "a benchmark")
		}
	}
	return missing, names
}

var (
	// isBuilt matches the results of operators, of windows and of options.
	isBuilt = regexp.MustCompile(`^(\(?rxsse\.Observable\[|Assigner|ItemAssigner\[|\w+Option$)`)
	// inBubble matches calls that run streams in virtual time.
	inBubble = regexp.MustCompile(`synctest\.Test\(|checkDiagrams\(|marble\.`)
	// isSynchronous matches the comment of an operator that starts no goroutine.
	isSynchronous = regexp.MustCompile(`(?i)\bsynchronous\b`)
)
