package rxsse_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
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

// TestSurface wants a user for each exported name: an Example, another package, an
// example program or a document. A name without one goes. With -v it lists the names,
// each with the first user.
func TestSurface(t *testing.T) {
	t.Parallel()
	texts := surfaceTexts(t)
	names := surface(t)
	require.Greater(t, len(names), 300)
	users := map[surfaceName]string{}
	enums := map[string]string{} // of each group of constants, a user of one
	for _, name := range names {
		users[name] = name.user(texts)
		if users[name] == "" && name.mentioned {
			users[name] = "(in a signature)"
		}
		if name.enum != "" && users[name] != "" {
			enums[name.enum] = users[name]
		}
	}
	for _, name := range names {
		user := cmp.Or(users[name], enums[name.enum])
		t.Logf("%-45s %s", name, user)
		assert.NotEmpty(t, user, "%s: nothing outside of its package uses it: show it in an Example or a document, or remove it", name)
	}
}

// A surfaceName is an exported name. Type is set for methods and fields.
type surfaceName struct {
	folder, pkg, typ, name string
	enum                   string // the first of the constants declared with it
	mentioned              bool   // a type in the signature of another exported name
}

func (n surfaceName) String() string {
	if n.typ != "" {
		return n.folder + "." + n.typ + "." + n.name
	}
	return n.folder + "." + n.name
}

// user returns the first file that uses n.
func (n surfaceName) user(texts map[string]string) string {
	use := regexp.MustCompile(`\b` + n.pkg + `\.` + n.name + `\b`)
	inDocument := regexp.MustCompile(`\b` + n.name + `\b`)
	if n.typ != "" {
		use = regexp.MustCompile(`\.` + n.name + `\b|\b` + n.name + `:`)
	}
	for _, file := range slices.Sorted(maps.Keys(texts)) {
		text := texts[file]
		switch {
		case !strings.Contains(text, n.name): // most files, found much faster than by use
		case strings.HasSuffix(file, "_test.go") && !strings.HasSuffix(file, "example_test.go") && !strings.HasSuffix(n.pkg, "test"):
			// Tests are the users of packages for tests only.
		case strings.HasSuffix(file, ".md"):
			if inDocument.MatchString(text) {
				return file
			}
		case path.Dir(file) == n.folder && !strings.Contains(path.Base(file), "example"):
		case n.typ != "" && path.Dir(file) != n.folder && !strings.Contains(text, n.folder+`"`) && n.folder != ".":
		case use.MatchString(text):
			return file
		}
	}
	return ""
}

// surfaceTexts returns the files that may use a name: code and documents.
func surfaceTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); slices.Contains([]string{"bin", "testdata", "node_modules", ".git"}, name) {
				return fs.SkipDir
			}
			return nil
		}
		name := entry.Name()
		if strings.HasSuffix(name, ".go") || strings.HasSuffix(name, ".md") && name != "CHANGELOG.md" && name != "design.md" {
			text, err := os.ReadFile(file)
			texts[filepath.ToSlash(file)] = string(text)
			return err
		}
		return nil
	})
	require.NoError(t, err)
	return texts
}

// Methods that the standard library calls, or the sinks.
var calledByInterfaces = []string{
	"Error", "Unwrap", "Is", "As", "String", "GoString", "MarshalJSON", "MarshalJSONTo", "UnmarshalJSON", "UnmarshalJSONFrom",
	"Describe", "Collect", "Write", "ServeHTTP", "ResumeID", "ClearResumeID", "IsPartial",
}

// surface returns the exported names of all packages that users import.
func surface(t *testing.T) []surfaceName {
	t.Helper()
	var names []surfaceName
	signatures := map[string]string{} // of each folder, the types in its signatures
	for _, file := range slices.Sorted(maps.Keys(sourceFiles(t))) {
		folder := path.Dir(file)
		if strings.Contains(folder, "internal") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		if parsed.Name.Name == "main" {
			continue
		}
		for _, declaration := range parsed.Decls {
			found, types := exportedBy(declaration)
			for _, name := range found {
				name.folder, name.pkg = folder, parsed.Name.Name
				names = append(names, name)
			}
			signatures[folder] += " " + types
		}
	}
	for i, name := range names {
		names[i].mentioned = strings.Contains(signatures[name.folder]+" ", " "+name.name+" ")
	}
	return names
}

// exportedBy returns the exported names of a declaration, and the types that their
// signatures mention.
func exportedBy(declaration ast.Decl) (names []surfaceName, types string) {
	mention := func(node ast.Node) {
		if node == nil {
			return
		}
		ast.Inspect(node, func(node ast.Node) bool {
			if id, ok := node.(*ast.Ident); ok {
				types += " " + id.Name
			}
			return true
		})
	}
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		name := surfaceName{name: d.Name.Name}
		if d.Recv != nil {
			name.typ = receiver(d.Recv.List[0].Type)
		}
		if !ast.IsExported(name.name) || name.typ != "" && (!ast.IsExported(name.typ) || slices.Contains(calledByInterfaces, name.name)) {
			return nil, ""
		}
		mention(d.Type)
		return []surfaceName{name}, types
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				for _, id := range s.Names {
					if !id.IsExported() {
						continue
					}
					name := surfaceName{name: id.Name}
					if first, ok := d.Specs[0].(*ast.ValueSpec); ok && d.Tok == token.CONST && d.Lparen.IsValid() {
						name.enum = first.Names[0].Name
					}
					names = append(names, name)
				}
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					names = append(names, surfaceName{name: s.Name.Name})
					names = append(names, members(s, mention)...)
				}
			}
		}
	}
	return names, types
}

// members returns the exported fields of a struct and the methods of an interface.
func members(spec *ast.TypeSpec, mention func(ast.Node)) []surfaceName {
	var fields *ast.FieldList
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		fields = typ.Fields
	case *ast.InterfaceType:
		fields = typ.Methods
	default:
		return nil
	}
	var names []surfaceName
	for _, field := range fields.List {
		for _, id := range field.Names {
			if id.IsExported() {
				mention(field.Type)
				names = append(names, surfaceName{typ: spec.Name.Name, name: id.Name})
			}
		}
	}
	return names
}

// receiver returns the name of the type in a receiver such as *Group[K, T].
func receiver(typ ast.Expr) string {
	switch typ := typ.(type) {
	case *ast.StarExpr:
		return receiver(typ.X)
	case *ast.IndexExpr:
		return receiver(typ.X)
	case *ast.IndexListExpr:
		return receiver(typ.X)
	case *ast.Ident:
		return typ.Name
	default:
		return ""
	}
}
