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
	guide, err := os.ReadFile(filepath.Join("..", "operators.md"))
	require.NoError(t, err)
	for _, name := range operatorNames(t) {
		_, drawn := drawings[name]
		assert.True(t, drawn != (undrawn[name] != ""), "a diagram of %s, or a reason for none", name)
		assert.Contains(t, string(guide), "#"+name+")", "docs/operators.md")
	}
	for name := range drawings {
		assert.Contains(t, string(guide), "(marbles/"+strings.ToLower(name)+".svg)", "docs/operators.md")
	}
	for _, path := range regexp.MustCompile(`marbles/[a-z]+\.svg`).FindAllString(string(guide), -1) {
		_, err := os.Stat(filepath.Join("..", path))
		require.NoError(t, err)
	}
}

// operatorNames returns the exported functions of package operators that return an
// Observable.
func operatorNames(t *testing.T) (names []string) {
	t.Helper()
	files, err := fs.Glob(os.DirFS(filepath.Join("..", "..", "operators")), "*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "operators", name), nil, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			f, isFunc := decl.(*ast.FuncDecl)
			if !isFunc || f.Recv != nil || !f.Name.IsExported() || f.Type.Results == nil {
				continue
			}
			if result, ok := f.Type.Results.List[0].Type.(*ast.IndexExpr); ok {
				if selector, ok := result.X.(*ast.SelectorExpr); ok && selector.Sel.Name == "Observable" {
					names = append(names, f.Name.Name)
				}
			}
		}
	}
	require.Greater(t, len(names), 50)
	return names
}
