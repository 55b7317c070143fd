package rxsse_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// names are the names that the columns "here" of docs/coming-from.md use.
const names = `package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
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
	url         string
	req, r      *http.Request
	w           http.ResponseWriter
	body        io.Reader
	httpClient  *http.Client
	server      *http.Server
	client      *source.Client
	session     *source.Session
	trace       *source.Trace
	decoder     *codec.Decoder
	broadcaster *sink.Broadcaster
	events      rxsse.Observable[codec.Event]
	prices      rxsse.Observable[Price]
	others      rxsse.Observable[Price]
	channel     chan Price
	bus         rxgo.Observable
	n           atomic.Int64
)

func setToken(*http.Request) error                    { return nil }
func check(*http.Response) error                      { return nil }
func isTemporary(*source.Error) bool                  { return true }
func useSession(*source.Session) error                { return nil }
func handle(codec.Event) error                        { return nil }
func readChannel(<-chan codec.Event) error            { return nil }
func admit(*http.Request) (sink.ClientConfig, error)        { return sink.ClientConfig{}, nil }
func symbol(p Price) string                           { return p.Symbol }
func isCheap(p Price) bool                            { return p.Price < 1 }
func isLong(s string) bool                            { return len(s) > 3 }
func zero() int                                       { return 0 }
func add(n int, _ Price) int                          { return n + 1 }
func history(Price) rxsse.Observable[Price]           { return prices }
func fetch(context.Context, Price) ([]byte, error)    { return nil, nil }
func use(...any)                                      {}

func replay(context.Context, string) (rxsse.Observable[codec.Event], error) { return nil, nil }

func main() {}

func _(ctx context.Context) {
	use(slog.Default(), time.Second, rx.ToRxGo[int])
`

// TestComingFrom compiles every line in the columns "here" of docs/coming-from.md. Code
// that is a word, such as break, is none.
func TestComingFrom(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/coming-from.md")
	require.NoError(t, err)
	var program strings.Builder
	program.WriteString(names)
	here, lines := false, 0
	for i, row := range strings.Split(string(text), "\n") {
		cells := strings.Split(row, "|")
		if len(cells) < 4 {
			here = false
			continue
		}
		last := cells[len(cells)-2]
		if strings.TrimSpace(last) == "here" {
			here = true
		}
		for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(last, -1) {
			if !here || regexp.MustCompile(`^(\w+|http\.\w+)$`).MatchString(code[1]) {
				continue
			}
			fmt.Fprintf(&program, "//line coming-from.md:%d\n\t%s\n", i+1, statement(code[1]))
			lines++
		}
	}
	program.WriteString("}\n")
	require.Greater(t, lines, 80)
	module := newUserModule(t)
	require.NoError(t, os.WriteFile(filepath.Join(module, "main.go"), []byte(program.String()), 0o600))
	command := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-e", "-o", os.DevNull, ".")
	command.Dir = module
	out, err := command.CombinedOutput()
	assert.NoError(t, err, "%s", out)
}

// statement makes a statement of a line of code: a range without its body, a call, or
// another expression.
func statement(code string) string {
	switch {
	case strings.HasPrefix(code, "for "):
		values, _, _ := strings.Cut(strings.TrimPrefix(code, "for "), " := ")
		return code + " { use(" + values + ") }"
	case strings.HasPrefix(code, "new("):
		return "use(" + code + ")"
	}
	return code
}
