package operators

import (
	"fmt"
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
		if strings.HasSuffix(name, "_test.go") && strings.Contains(string(source), "rxssetest.Operator[") {
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

// Every operator checks its streams and functions when it is built: a nil one
// panics there, and the panic names the operator and the argument.
func TestOperatorsRefuseNil(t *testing.T) {
	exempt := map[string]bool{
		"SkipInvalid": true, // nil has a meaning
	}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	checked := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			f, isFunc := decl.(*ast.FuncDecl)
			if !isFunc || f.Recv != nil || !f.Name.IsExported() || exempt[f.Name.Name] {
				continue
			}
			body := string(source[f.Body.Pos()-1 : f.Body.End()-1])
			for _, field := range f.Type.Params.List {
				for _, param := range field.Names {
					if want := nilCheck(f.Name.Name, param.Name, field.Type); want != "" {
						checked++
						assert.Contains(t, body, want, "%s in %s", f.Name.Name, name)
					}
				}
			}
		}
	}
	require.Greater(t, checked, 60)
}

// nilCheck returns the check that an argument of this type needs, or "".
func nilCheck(operator, param string, typ ast.Expr) string {
	if list, ok := typ.(*ast.Ellipsis); ok && isObservable(list.Elt) {
		return fmt.Sprintf(`mustNotHoldNil("%s: %s", %s)`, operator, param, param)
	}
	if _, isFunc := typ.(*ast.FuncType); isFunc || isObservable(typ) {
		return fmt.Sprintf(`mustNotBeNil("%s: %s", %s == nil)`, operator, param, param)
	}
	return ""
}

func isObservable(typ ast.Expr) bool {
	index, ok := typ.(*ast.IndexExpr)
	if !ok {
		return false
	}
	selector, ok := index.X.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "Observable"
}

func TestNilPanicNamesOperatorAndArgument(t *testing.T) {
	src := from(1)
	assert.PanicsWithValue(t, "operators: Map: f is nil", func() { Map[int, int](src, nil) })
	assert.PanicsWithValue(t, "operators: Map: src is nil", func() { Map(nil, func(int) int { return 0 }) })
	assert.PanicsWithValue(t, "operators: Merge: srcs[1] is nil", func() { Merge(src, nil) })
	assert.PanicsWithValue(t, "operators: Zip: f is nil", func() { Zip[int, int, int](src, src, nil) })
	assert.PanicsWithValue(t, "operators: TakeUntil: notifier is nil", func() { TakeUntil[int, int](src, nil) })
}
