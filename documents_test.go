package rxsse_test

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// prelude is what fragments in the documents may take for granted.
const prelude = `package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/reactivex/rxgo/v2"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/rx"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

type Price struct {
	Symbol string
	Price  float64
}

var (
	_ = fmt.Sprint
	_ = http.MethodGet
	_ = slog.Default
	_ = time.Second
	_ codec.Event
	_ = operators.First[int]
	_ = sink.Collect[int]
	_ = source.SSE
	_ = errors.Join
	_ = os.Getenv
	_ = strings.Cut
	_ atomic.Bool
	_ sql.DB
	_ json.Decoder
	_ io.Reader
	_ rx.Option
)

// What flows of RxGo in docs/rxgo.md are made of.
var bus rxgo.Observable

func parse(_ context.Context, v any) (any, error)       { return fmt.Sprint(v), nil }
func store(any)                                         {}
func count(any)                                         {}
func fetch(_ context.Context, p Price) ([]byte, error)  { return []byte(p.Symbol), nil }
func symbol(p Price) string                             { return p.Symbol }
func show[T any](T) error                               { return nil }

func main() {}

func _(ctx context.Context, events rxsse.Observable[codec.Event], prices rxsse.Observable[Price]) error {
{
`

// TestDocuments vets every block of Go in the README and the documents, and runs
// those that are tests. They are built as a user's module is, outside of the checkout,
// which may be read-only.
func TestDocuments(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	documents = append(documents, "README.md", "CONTRIBUTING.md")
	module := newUserModule(t)
	vet := []string{"vet", "-unreachable=false"} // a fragment may end with a return
	test := []string{"test"}
	blocks := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for i, block := range regexp.MustCompile("(?s)(?:<!-- (\\S+\\.go) -->\n)?```go\n(.*?)```").FindAllSubmatch(text, -1) {
			if file := string(block[1]); file != "" { // a part of a file of another module, which its own checks compile
				requirePart(t, document, file, string(block[2]))
				continue
			}
			code := string(block[2])
			blocks++
			formatted, err := format.Source(block[2])
			require.NoError(t, err, "%s: %s", document, code)
			assert.Equal(t, string(formatted), code, "gofmt, %s", document)
			name := fmt.Sprintf("%s-%d", strings.TrimSuffix(filepath.Base(document), ".md"), i+1)
			folder := filepath.Join(module, name)
			require.NoError(t, os.Mkdir(folder, 0o700))
			file, program := program(code)
			require.NoError(t, os.WriteFile(filepath.Join(folder, file), []byte(program), 0o600))
			vet = append(vet, "./"+name)
			if file == "main_test.go" {
				test = append(test, "./"+name)
			}
		}
	}
	require.GreaterOrEqual(t, blocks, 9)
	for _, args := range [][]string{vet, test} {
		command := exec.CommandContext(t.Context(), "go", args...)
		command.Dir = module
		out, err := command.CombinedOutput()
		assert.NoError(t, err, "%s", out)
	}
}

// newUserModule returns the folder of a new module that uses this checkout, with the
// dependencies at the same versions.
func newUserModule(t *testing.T) string {
	t.Helper()
	checkout, err := filepath.Abs(".")
	require.NoError(t, err)
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	sum, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	mod = bytes.Replace(mod, []byte("module github.com/rxsse/rxsse\n"), []byte("module documents\n"), 1)
	mod = fmt.Appendf(mod, "\nrequire github.com/rxsse/rxsse v0.0.0\n\nreplace github.com/rxsse/rxsse => %s\n", strconv.Quote(checkout))
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "go.mod"), mod, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "go.sum"), sum, 0o600))
	return folder
}

// requirePart requires that a block of a document is a part of a file.
func requirePart(t *testing.T, document, file, block string) {
	t.Helper()
	whole, err := os.ReadFile(file)
	require.NoError(t, err, document)
	indented := "\t" + strings.ReplaceAll(strings.TrimSuffix(block, "\n"), "\n", "\n\t")
	assert.True(t, strings.Contains(string(whole), block) || strings.Contains(string(whole), indented), "%s: this is not in %s:\n%s", document, file, block)
}

// program returns what to compile for a block: it may be a whole file, the
// declaration of a type, or a part of a function that returns an error.
func program(block string) (file, code string) {
	switch {
	case strings.HasPrefix(block, "package ") && strings.Contains(block, "\t\"testing\"\n"):
		return "main_test.go", block
	case strings.HasPrefix(block, "package "):
		return "main.go", block
	case strings.HasPrefix(block, "type "):
		return "main.go", "package main\n\nimport (\n\t\"context\"\n\t\"iter\"\n)\n\nfunc main() {}\n\n" + block
	default:
		return "main.go", prelude + block + "}\nreturn nil\n}\n"
	}
}
