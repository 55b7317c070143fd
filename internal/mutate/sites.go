package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A site is a place in a file and the text of a mutant there.
type site struct {
	file       string
	line       int
	ran        int    // a line that coverage counts when the text runs
	start, end int    // of the text that is replaced
	function   string // empty: a constant or a variable of the package
	code       string // the line, without the spaces around it
	old, text  string
}

func (s site) String() string {
	if s.function == "" {
		return fmt.Sprintf("%s:%d: %q: %q becomes %q", s.file, s.line, s.code, s.old, s.text)
	}
	return fmt.Sprintf("%s:%d: %s: %q becomes %q", s.file, s.line, s.function, s.old, s.text)
}

// swaps are the operators that mutants exchange.
var swaps = map[token.Token]token.Token{
	token.EQL: token.NEQ, token.NEQ: token.EQL,
	token.LSS: token.LEQ, token.LEQ: token.LSS,
	token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.ADD: token.SUB, token.SUB: token.ADD,
	token.MUL: token.QUO, token.QUO: token.MUL,
	token.LAND: token.LOR, token.LOR: token.LAND,
	token.INC: token.DEC, token.DEC: token.INC,
	token.ADD_ASSIGN: token.SUB_ASSIGN, token.SUB_ASSIGN: token.ADD_ASSIGN,
}

// findSites returns the places to mutate in the files of folder dir, in order.
func findSites(dir, only string) ([]site, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var sites []site
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasSuffix(name, "_test.go") || !strings.Contains(name, only) {
			continue
		}
		if built, err := build.Default.MatchFile(dir, name); err != nil {
			return nil, err
		} else if !built {
			continue // a file of another operating system
		}
		found, err := sitesOf(file)
		if err != nil {
			return nil, err
		}
		sites = append(sites, found...)
	}
	return sites, nil
}

func sitesOf(file string) ([]site, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	f := finder{file: file, source: source, set: set}
	for _, decl := range tree.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Body != nil && decl.Name.Name != "String" {
				f.function = decl.Name.Name
				ast.Inspect(decl.Body, f.visit)
			}
		case *ast.GenDecl:
			f.function = ""
			if decl.Tok == token.CONST || decl.Tok == token.VAR {
				ast.Inspect(decl, f.visit)
			}
		}
	}
	return f.sites, nil
}

// A finder collects the sites of one file.
type finder struct {
	file     string
	source   []byte
	set      *token.FileSet
	function string
	cases    []caseList
	sites    []site
}

// A caseList is the text between "case" and ":". Coverage counts it only if the case is
// taken, but a switch evaluates it for the cases below, too.
type caseList struct {
	start, end int
	ran        int // the line of the switch
}

func (f *finder) visit(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.SwitchStmt:
		f.addCases(n, n.Body)
	case *ast.SelectStmt:
		f.addCases(n, n.Body)
	case *ast.BinaryExpr:
		f.swap(n.OpPos, n.Op)
	case *ast.IncDecStmt:
		f.swap(n.TokPos, n.Tok)
	case *ast.AssignStmt:
		f.swap(n.TokPos, n.Tok)
		if n.Tok != token.DEFINE {
			f.remove(n)
		}
	case *ast.ExprStmt:
		if !isHelper(n) {
			f.remove(n)
		}
	case *ast.DeferStmt, *ast.SendStmt:
		f.remove(n)
	case *ast.BranchStmt:
		if n.Label == nil && n.Tok == token.CONTINUE {
			f.replace(n, "break")
		}
	case *ast.IfStmt:
		f.negate(n.Cond)
	case *ast.ForStmt:
		if n.Cond != nil {
			f.replace(n.Cond, "false")
		}
	case *ast.BasicLit:
		f.number(n)
	case *ast.Ident:
		switch n.Name {
		case "true":
			f.replace(n, "false")
		case "false":
			f.replace(n, "true")
		}
	case *ast.CallExpr:
		f.bound(n)
	}
	return true
}

// isHelper reports whether n is t.Helper(), which only chooses the line that a report names.
func isHelper(n *ast.ExprStmt) bool {
	call, ok := n.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "Helper" && len(call.Args) == 0
}

// addCases remembers the cases of a switch or select.
func (f *finder) addCases(n ast.Node, body *ast.BlockStmt) {
	ran := f.set.Position(n.Pos()).Line
	for _, clause := range body.List {
		var colon token.Pos
		switch clause := clause.(type) {
		case *ast.CaseClause:
			colon = clause.Colon
		case *ast.CommClause:
			colon = clause.Colon
		}
		f.cases = append(f.cases, caseList{f.set.Position(clause.Pos()).Offset, f.set.Position(colon).Offset, ran})
	}
}

func (f *finder) swap(pos token.Pos, op token.Token) {
	if to, ok := swaps[op]; ok {
		start := f.set.Position(pos).Offset
		f.add(start, start+len(op.String()), to.String())
	}
}

func (f *finder) remove(n ast.Node) { f.replace(n, "") }

// negate negates a condition, except for comparisons, which swap mutates.
func (f *finder) negate(cond ast.Expr) {
	if binary, ok := cond.(*ast.BinaryExpr); ok && (binary.Op == token.EQL || binary.Op == token.NEQ) {
		return
	}
	f.replace(cond, "!("+f.text(cond)+")")
}

func (f *finder) number(lit *ast.BasicLit) {
	if lit.Kind != token.INT {
		return
	}
	if v, err := strconv.ParseInt(lit.Value, 0, 64); err == nil {
		f.replace(lit, strconv.FormatInt(v+1, 10))
	}
}

// bound exchanges min and max.
func (f *finder) bound(call *ast.CallExpr) {
	name, ok := call.Fun.(*ast.Ident)
	if !ok {
		return
	}
	switch name.Name {
	case "min":
		f.replace(name, "max")
	case "max":
		f.replace(name, "min")
	}
}

func (f *finder) text(n ast.Node) string {
	return string(f.source[f.set.Position(n.Pos()).Offset:f.set.Position(n.End()).Offset])
}

func (f *finder) replace(n ast.Node, text string) {
	f.add(f.set.Position(n.Pos()).Offset, f.set.Position(n.End()).Offset, text)
}

func (f *finder) add(start, end int, text string) {
	before, after := string(f.source[:start]), string(f.source[start:])
	line := 1 + strings.Count(before, "\n")
	rest, _, _ := strings.Cut(after, "\n")
	code := strings.TrimSpace(before[strings.LastIndexByte(before, '\n')+1:] + rest)
	ran := line
	for _, c := range f.cases { // the innermost is last
		if c.start <= start && end <= c.end {
			ran = c.ran
		}
	}
	f.sites = append(f.sites, site{f.file, line, ran, start, end, f.function, code, string(f.source[start:end]), text})
}
