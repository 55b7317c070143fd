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

// Every operator has an Example to copy, a check against the contract, and its
// place in the overview of the package.
func TestOperatorsAreComplete(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var operators []string
	examples := map[string]bool{}
	var checks, overview strings.Builder
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			f, isFunc := decl.(*ast.FuncDecl)
			switch {
			case !isFunc || f.Recv != nil:
			case strings.HasPrefix(f.Name.Name, "Example"):
				examples[strings.TrimPrefix(f.Name.Name, "Example")] = true
			case !strings.HasSuffix(name, "_test.go") && f.Name.IsExported() && isOperator(f):
				operators = append(operators, f.Name.Name)
			}
		}
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		if strings.HasSuffix(name, "_test.go") && strings.Contains(string(source), "contract.Operator[") {
			checks.Write(source)
		}
		if name == "doc.go" {
			overview.Write(source)
		}
	}
	require.Greater(t, len(operators), 50)
	for _, name := range operators {
		assert.True(t, examples[name], "Example%s", name)
		word := regexp.MustCompile(`\b` + name + `\b`)
		assert.True(t, word.MatchString(checks.String()), "a contract check of %s", name)
		assert.True(t, word.MatchString(overview.String()), "the package documentation on %s", name)
	}
}

// isOperator reports whether f returns an Observable.
func isOperator(f *ast.FuncDecl) bool {
	if f.Type.Results == nil || len(f.Type.Results.List) != 1 {
		return false
	}
	index, ok := f.Type.Results.List[0].Type.(*ast.IndexExpr)
	if !ok {
		return false
	}
	selector, ok := index.X.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "Observable"
}
