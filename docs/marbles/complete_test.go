package marbles

import (
	"go/ast"
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

// undrawn are the operators without a diagram, and why.
var undrawn = map[string]string{
	"Decode":                   "is Map for events",
	"DecodeJSON":               "is Map for events",
	"EncodeJSON":               "is Map for events",
	"EncodeMessages":           "is Map for events",
	"FlatMapValue":             "is Map for messages",
	"MapValue":                 "is Map for messages",
	"EventType":                "is Filter for events",
	"TryMap":                   "is Map",
	"DistinctUntilChangedFunc": "is DistinctUntilChanged",
	"Tap":                      "changes nothing that could be seen",
	"TapEnd":                   "changes nothing that could be seen",
	"Finally":                  "changes nothing that could be seen",
	"Timestamp":                "adds times",
	"TimeInterval":             "adds times",
	"Materialize":              "adds an item that is the end",
	"Dematerialize":            "takes an item that is the end",
	"GroupBy":                  "has streams for items",
	"Window":                   "is drawn for each of its assigners",
}

// Every operator has a diagram, or a reason for none, and its place in the guide.
func TestEveryOperatorIsDrawn(t *testing.T) {
	guide, err := os.ReadFile(guidePath)
	require.NoError(t, err)
	names, _ := declarations(t)
	for _, name := range names {
		_, drawn := drawings[name]
		assert.True(t, drawn != (undrawn[name] != ""), "a diagram of %s, or a reason for none", name)
		assert.Contains(t, string(guide), "["+name+"](../operators/", "docs/operators.md")
	}
	for name := range drawings {
		assert.Contains(t, string(guide), "(marbles/"+strings.ToLower(name)+".svg)", "docs/operators.md")
	}
	for _, path := range regexp.MustCompile(`marbles/[a-z]+\.svg`).FindAllString(string(guide), -1) {
		_, err := os.Stat(filepath.Join("..", path))
		require.NoError(t, err)
	}
}

// guidePath is the guide to operators.
var guidePath = filepath.Join("..", "operators.md")

// In the guide the name of an operator links to the file that declares it.
func TestOperatorLinks(t *testing.T) {
	guide, err := os.ReadFile(guidePath)
	require.NoError(t, err)
	_, files := declarations(t)
	want := regexp.MustCompile(`\[([\w.]+)\]\(\.\./operators/\w*\.go\)`).ReplaceAllStringFunc(string(guide), func(link string) string {
		name, _, _ := strings.Cut(link[1:], "]")
		file := files[name[strings.LastIndex(name, ".")+1:]]
		require.NotEmpty(t, file, "docs/operators.md: package operators does not declare %s", name)
		return "[" + name + "](../operators/" + file + ")"
	})
	if *update {
		require.NoError(t, os.WriteFile(guidePath, []byte(want), 0o600))
		return
	}
	require.Equal(t, want, string(guide), "docs/operators.md links to a file that does not declare the operator: run go test ./docs/marbles -update")
}

// declarations returns the exported functions of package operators that return an
// Observable, and the file of each exported function and method.
func declarations(t *testing.T) (operators []string, files map[string]string) {
	t.Helper()
	folder := filepath.Join("..", "..", "operators")
	paths, err := fs.Glob(os.DirFS(folder), "*.go")
	require.NoError(t, err)
	files = map[string]string{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, path), nil, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			f, isFunc := decl.(*ast.FuncDecl)
			if !isFunc || !f.Name.IsExported() {
				continue
			}
			files[f.Name.Name] = path
			if f.Recv == nil && returnsObservable(f) {
				operators = append(operators, f.Name.Name)
			}
		}
	}
	require.Greater(t, len(operators), 50)
	return operators, files
}

func returnsObservable(f *ast.FuncDecl) bool {
	if f.Type.Results == nil {
		return false
	}
	result, ok := f.Type.Results.List[0].Type.(*ast.IndexExpr)
	if !ok {
		return false
	}
	selector, ok := result.X.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "Observable"
}
