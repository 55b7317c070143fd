package rx_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reactivex/rxgo/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rx"
)

// inputs are the streams that each method is tested with.
func inputs() map[string]script {
	values := []int{1, 2, 3, 4, 5}
	return map[string]script{
		"values":       {values: values},
		"error":        {values: values[:3], err: errBoom},
		"error first":  {err: errBoom},
		"empty":        {},
		"paced":        {values: values, pace: tick},
		"paced error":  {values: values[:3], err: errBoom, pace: tick},
		"paced single": {values: values[:1], pace: tick},
	}
}

// inBubble runs a test with a kit, and fails if it leaves a goroutine behind.
func inBubble(t *testing.T, run func(kit) []string) (lines []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		lines = run(kit{t: t, ctx: ctx, opts: []rxgo.Option{rxgo.WithContext(ctx)}})
		cancel()
		time.Sleep(2 * drainTimeout) // a Scope on RxGo's Never waits that long for its channel to close
	})
	return lines
}

// TestSameAsRxGo compares each method on a source of ours with the same method on a source
// of RxGo, and the chain as RxGo runs it with the chain through each other form of the
// bridge.
func TestSameAsRxGo(t *testing.T) {
	for _, m := range methods() {
		t.Run(m.name, func(t *testing.T) {
			if m.gives {
				sameThroughForms(t, m, func(k kit) kit { return k })
				return
			}
			for name, in := range inputs() {
				if m.timed && in.pace == 0 {
					continue
				}
				t.Run(name, func(t *testing.T) { sameOnSources(t, m, in) })
			}
		})
	}
}

func sameOnSources(t *testing.T, m method, in script) {
	t.Helper()
	second := script{values: []int{10, 20, 30}, pace: in.pace, delay: in.pace / 2}
	play := func(k kit, source func(script) rxgo.Observable) kit {
		k.in, k.second, k.play = in, second, source
		return k
	}
	bridged := func(k kit) kit {
		return play(k, func(s script) rxgo.Observable { return rx.ToRxGo(k.ctx, s.typed()) })
	}
	run := m.run
	if run == nil {
		run = func(k kit) []string { return k.transcript(m.build(k)) }
	}

	want := inBubble(t, func(k kit) []string {
		return run(play(k, func(s script) rxgo.Observable { return s.deferred(k.ctx) }))
	})
	assert.Equal(t, want, inBubble(t, func(k kit) []string { return run(bridged(k)) }), "as on Defer")
	if in.pace == 0 {
		assert.Equal(t, want, inBubble(t, func(k kit) []string {
			return run(play(k, func(s script) rxgo.Observable { return s.just(k.ctx) }))
		}), "Just and Defer")
	}
	if m.build != nil {
		sameThroughForms(t, m, bridged)
	}
}

// sameThroughForms compares what RxGo's reader sees of a chain with the output of From,
// FromFunc and Scope.
func sameThroughForms(t *testing.T, m method, source func(kit) kit) {
	t.Helper()
	want := inBubble(t, func(k kit) []string {
		k = source(k)
		return k.transcript(m.build(k))
	})
	from := inBubble(t, func(k kit) []string {
		chain := m.build(source(k))
		return lifted(k.ctx, func(opts ...rx.Option) rxsse.Observable[any] { return rx.From[any](chain, opts...) })
	})
	assert.Equal(t, want, from, "From")
	if m.outlives {
		return
	}
	fromFunc := inBubble(t, func(k kit) []string {
		return lifted(k.ctx, func(opts ...rx.Option) rxsse.Observable[any] {
			return rx.FromFunc[any](func(opt rxgo.Option) rxgo.Iterable {
				k.opts = []rxgo.Option{opt}
				return m.build(source(k))
			}, opts...)
		})
	})
	assert.Equal(t, want, fromFunc, "FromFunc")
	scope := inBubble(t, func(k kit) []string {
		return k.transcript(rx.Scope(k.ctx, func(ctx context.Context, opt rxgo.Option) rxgo.Iterable {
			inner := source(kit{t: k.t, ctx: ctx, opts: []rxgo.Option{opt}})
			return m.build(inner)
		}))
	})
	assert.Equal(t, want, scope, "Scope")
}

// TestMethodsAreComplete fails when something in RxGo takes or returns an Observable and
// has no row in the table.
func TestMethodsAreComplete(t *testing.T) {
	var want []string
	for _, typ := range []reflect.Type{
		reflect.TypeFor[rxgo.Observable](), reflect.TypeFor[rxgo.Single](), reflect.TypeFor[rxgo.OptionalSingle](),
	} {
		for m := range typ.Methods() {
			want = append(want, typ.Name()+"."+m.Name)
		}
	}
	want = append(want, streamFunctions(t)...)

	var have []string
	for _, m := range methods() {
		have = append(have, m.name)
	}
	assert.ElementsMatch(t, want, have)
}

// streamFunctions reads from the source code of RxGo the names of its functions whose
// signatures mention a stream.
func streamFunctions(t *testing.T) (names []string) {
	t.Helper()
	file, _ := runtime.FuncForPC(reflect.ValueOf(rxgo.Merge).Pointer()).FileLine(0)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*.go"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("the source of RxGo is not where the binary says (-trimpath)")
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.IsExported() && mentionsStream(f.Type) {
				names = append(names, f.Name.Name)
			}
		}
	}
	require.NotEmpty(t, names)
	return names
}

func mentionsStream(f *ast.FuncType) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			switch id.Name {
			case "Observable", "Iterable", "Single", "OptionalSingle":
				found = true
			}
		}
		return !found
	})
	return found
}
