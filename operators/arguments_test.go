package operators

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// A nil stream or function panics when the operator is called, not on subscription, and the
// panic names the operator and the argument.
func TestNilArguments(t *testing.T) {
	calls := callsWithNil()
	for what, call := range calls {
		t.Run(what, func(t *testing.T) { assert.PanicsWithValue(t, "operators: "+what+" is nil", call) })
	}
	for _, what := range streamsAndFunctions(t) {
		assert.Contains(t, calls, what, "a call with nil for each stream and function")
	}
}

// The panic names a user's function that returns a nil stream, on every goroutine.
func TestNilStreamsOfFunctions(t *testing.T) {
	type ints = rxsse.Observable[int]
	src := func(yield func(int, error) bool) { yield(1, nil) }
	one := func(context.Context) iter.Seq2[int, error] { return src }
	none := func(int) ints { return nil }
	failing := func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) { yield(0, errors.New("failed")) }
	}
	for what, obs := range map[string]ints{
		"ConcatMap: f":  ConcatMap(one, none),
		"MergeMap: f":   MergeMap(one, 1, none),
		"SwitchMap: f":  SwitchMap(one, none),
		"ExhaustMap: f": ExhaustMap(one, none),
		"Catch: handle": Catch(failing, func(error) ints { return nil }),
	} {
		t.Run(what, func(t *testing.T) {
			defer func() {
				p := recover()
				if carried, ok := p.(*rxsse.PanicError); ok {
					p = carried.Value
				}
				assert.Equal(t, "operators: "+what+" returned a nil stream", p)
			}()
			for range obs(t.Context()) {
			}
		})
	}
}

// callsWithNil returns a call for each argument that must not be nil, by its operator and
// its name.
func callsWithNil() map[string]func() {
	type ints = rxsse.Observable[int]
	var (
		none     ints
		events   rxsse.Observable[codec.Event]
		messages rxsse.Observable[codec.Message[int]]
		spec     = ByCount(1)
		src      = from(1)

		key   = func(v int) int { return v }
		test  = func(int) bool { return true }
		both  = func(a, _ int) int { return a }
		same  = func(_, _ int) bool { return true }
		start = func() int { return 0 }
		run   = func(int) {}
		inner = func(int) ints { return src }
		try   = func(v int) (int, error) { return v, nil }
		call  = func(_ context.Context, v int) (int, error) { return v, nil }

		noKey   func(int) int
		noTest  func(int) bool
		noBoth  func(int, int) int
		noStart func() int
		noInner func(int) ints
	)
	return map[string]func(){
		"Aggregate: src":                 func() { Aggregate(none, spec, start, both) },
		"Aggregate: init":                func() { Aggregate(src, spec, noStart, both) },
		"Aggregate: add":                 func() { Aggregate(src, spec, start, noBoth) },
		"AggregateBy: src":               func() { AggregateBy(none, key, spec, start, both) },
		"AggregateBy: key":               func() { AggregateBy(src, noKey, spec, start, both) },
		"AggregateBy: init":              func() { AggregateBy(src, key, spec, noStart, both) },
		"AggregateBy: add":               func() { AggregateBy(src, key, spec, start, noBoth) },
		"Audit: src":                     func() { Audit(none, 1) },
		"Buffer: src":                    func() { Buffer(none, 1, OverflowBlock) },
		"ByLast: isLast":                 func() { ByLast(noTest) },
		"ByWeight: weight":               func() { ByWeight(1, noKey) },
		"Catch: src":                     func() { Catch(none, func(error) ints { return src }) },
		"Catch: handle":                  func() { Catch(src, nil) },
		"CombineLatest: a":               func() { CombineLatest(none, src, both) },
		"CombineLatest: b":               func() { CombineLatest(src, none, both) },
		"CombineLatest: f":               func() { CombineLatest(src, src, noBoth) },
		"CombineLatestAll: srcs[1]":      func() { CombineLatestAll(src, none) },
		"CompleteAt: src":                func() { CompleteAt(none, test) },
		"CompleteAt: isEnd":              func() { CompleteAt(src, noTest) },
		"Concat: srcs[1]":                func() { Concat(src, none) },
		"ConcatMap: src":                 func() { ConcatMap(none, inner) },
		"ConcatMap: f":                   func() { ConcatMap(src, noInner) },
		"CountDropped: n":                func() { CountDropped(nil) },
		"Debounce: src":                  func() { Debounce(none, 1) },
		"DebounceMax: src":               func() { DebounceMax(none, 1, 1) },
		"Decode: src":                    func() { Decode(events, codec.JSON[int]()) },
		"Decode: payload":                func() { Decode[int](from[codec.Event](), nil) },
		"DecodeJSON: src":                func() { DecodeJSON[int](events) },
		"DefaultIfEmpty: src":            func() { DefaultIfEmpty(none, 1) },
		"Delay: src":                     func() { Delay(none, 1) },
		"Dematerialize: src":             func() { Dematerialize[int](nil) },
		"Distinct: src":                  func() { Distinct(none, 1, key) },
		"Distinct: key":                  func() { Distinct(src, 1, noKey) },
		"DistinctUntilChanged: src":      func() { DistinctUntilChanged(none) },
		"DistinctUntilChangedFunc: src":  func() { DistinctUntilChangedFunc(none, same) },
		"DistinctUntilChangedFunc: same": func() { DistinctUntilChangedFunc(src, nil) },
		"DistinctWithin: src":            func() { DistinctWithin(none, 1, 1, key) },
		"DistinctWithin: key":            func() { DistinctWithin(src, 1, 1, noKey) },
		"ElementAt: src":                 func() { ElementAt(none, 1) },
		"EncodeJSON: src":                func() { EncodeJSON(none, "") },
		"EncodeMessages: src":            func() { EncodeMessages(messages) },
		"EventType: src":                 func() { EventType(events, "") },
		"ExhaustMap: src":                func() { ExhaustMap(none, inner) },
		"ExhaustMap: f":                  func() { ExhaustMap(src, noInner) },
		"Filter: src":                    func() { Filter(none, test) },
		"Filter: keep":                   func() { Filter(src, noTest) },
		"Finally: src":                   func() { Finally(none, func() {}) },
		"Finally: f":                     func() { Finally(src, nil) },
		"First: src":                     func() { First(none) },
		"FlatMapValue: src":              func() { FlatMapValue(messages, func(int) []int { return nil }) },
		"FlatMapValue: f":                func() { FlatMapValue[int, int](from[codec.Message[int]](), nil) },
		"GroupBy: src":                   func() { GroupBy(none, key, 1, 1) },
		"GroupBy: key":                   func() { GroupBy(src, noKey, 1, 1) },
		"Last: src":                      func() { Last(none) },
		"Map: src":                       func() { Map(none, key) },
		"Map: f":                         func() { Map(src, noKey) },
		"MapValue: src":                  func() { MapValue(messages, key) },
		"MapValue: f":                    func() { MapValue(from[codec.Message[int]](), noKey) },
		"Materialize: src":               func() { Materialize(none) },
		"Merge: srcs[1]":                 func() { Merge(src, none) },
		"MergeDelayError: srcs[1]":       func() { MergeDelayError(src, none) },
		"MergeMap: src":                  func() { MergeMap(none, 1, inner) },
		"MergeMap: f":                    func() { MergeMap(src, 1, noInner) },
		"OnErrorReturn: src":             func() { OnErrorReturn(none, func(error) int { return 0 }) },
		"OnErrorReturn: f":               func() { OnErrorReturn(src, nil) },
		"Pairwise: src":                  func() { Pairwise(none) },
		"Parallel: src":                  func() { Parallel(none, 1, call) },
		"Parallel: f":                    func() { Parallel[int, int](src, 1, nil) },
		"ParallelUnordered: src":         func() { ParallelUnordered(none, 1, call) },
		"ParallelUnordered: f":           func() { ParallelUnordered[int, int](src, 1, nil) },
		"Race: srcs[1]":                  func() { Race(src, none) },
		"RateLimit: src":                 func() { RateLimit(none, rate.NewLimiter(1, 1)) },
		"RateLimit: limiter":             func() { RateLimit(src, nil) },
		"Reduce: src":                    func() { Reduce(none, 0, both) },
		"Reduce: f":                      func() { Reduce(src, 0, noBoth) },
		"Replay: src":                    func() { Replay(none, 1, 1, OverflowBlock) },
		"Retry: src":                     func() { Retry(none, ExponentialBackoff(1, 1, 1)) },
		"Retry: decide":                  func() { Retry(src, nil) },
		"Sample: src":                    func() { Sample(none, 1) },
		"Scan: src":                      func() { Scan(none, 0, both) },
		"Scan: f":                        func() { Scan(src, 0, noBoth) },
		"Share: src":                     func() { Share(none, 1, OverflowBlock) },
		"Skip: src":                      func() { Skip(none, 1) },
		"SkipUntil: src":                 func() { SkipUntil(none, src) },
		"SkipUntil: notifier":            func() { SkipUntil(src, none) },
		"SkipWhile: src":                 func() { SkipWhile(none, test) },
		"SkipWhile: skip":                func() { SkipWhile(src, noTest) },
		"StartWith: src":                 func() { StartWith(none, 1) },
		"SwitchMap: src":                 func() { SwitchMap(none, inner) },
		"SwitchMap: f":                   func() { SwitchMap(src, noInner) },
		"Take: src":                      func() { Take(none, 1) },
		"TakeLast: src":                  func() { TakeLast(none, 1) },
		"TakeUntil: src":                 func() { TakeUntil(none, src) },
		"TakeUntil: notifier":            func() { TakeUntil(src, none) },
		"TakeWhile: src":                 func() { TakeWhile(none, test) },
		"TakeWhile: keep":                func() { TakeWhile(src, noTest) },
		"Tap: src":                       func() { Tap(none, run) },
		"Tap: f":                         func() { Tap(src, nil) },
		"TapEnd: src":                    func() { TapEnd(none, func(error) {}) },
		"TapEnd: f":                      func() { TapEnd(src, nil) },
		"Throttle: src":                  func() { Throttle(none, 1) },
		"ThrottleLatest: src":            func() { ThrottleLatest(none, 1) },
		"TimeInterval: src":              func() { TimeInterval(none) },
		"Timeout: src":                   func() { Timeout(none, 1) },
		"TimeoutFirst: src":              func() { TimeoutFirst(none, 1) },
		"Timestamp: src":                 func() { Timestamp(none) },
		"TryMap: src":                    func() { TryMap(none, try) },
		"TryMap: f":                      func() { TryMap[int, int](src, nil) },
		"Window: src":                    func() { Window(none, spec) },
		"WithLatestFrom: src":            func() { WithLatestFrom(none, src, both) },
		"WithLatestFrom: other":          func() { WithLatestFrom(src, none, both) },
		"WithLatestFrom: f":              func() { WithLatestFrom(src, src, noBoth) },
		"WithState: state":               func() { WithState(nil) },
		"Zip: a":                         func() { Zip(none, src, both) },
		"Zip: b":                         func() { Zip(src, none, both) },
		"Zip: f":                         func() { Zip(src, src, noBoth) },
		"ZipAll: srcs[1]":                func() { ZipAll(src, none) },
	}
}

// streamsAndFunctions returns the parameters of the package's functions that are streams or
// functions, as the keys of callsWithNil.
func streamsAndFunctions(t *testing.T) (params []string) {
	t.Helper()
	nilMeansNothing := []string{"SkipInvalid: handle"}
	for path, text := range readFiles(t) {
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			f, isFunc := decl.(*ast.FuncDecl)
			if !isFunc || f.Recv != nil || !f.Name.IsExported() {
				continue
			}
			for _, field := range f.Type.Params.List {
				typ, isVariadic := strings.CutPrefix(text[field.Type.Pos()-1:field.Type.End()-1], "...")
				element := ""
				if isVariadic {
					element = "[1]"
				}
				if !strings.HasPrefix(typ, "rxsse.Observable[") && (isVariadic || !strings.HasPrefix(typ, "func(")) {
					continue
				}
				for _, name := range field.Names {
					params = append(params, f.Name.Name+": "+name.Name+element)
				}
			}
		}
	}
	require.Greater(t, len(params), 100)
	return slices.DeleteFunc(params, func(param string) bool { return slices.Contains(nilMeansNothing, param) })
}

// The caller can reuse a slice of arguments once the operator has returned.
func TestOperatorsCopySlicesOfArguments(t *testing.T) {
	type ints = rxsse.Observable[int]
	sum := func(all []int) (n int) {
		for _, v := range all {
			n += v
		}
		return n
	}
	for name, op := range map[string]func(...ints) ints{
		"CombineLatestAll": func(srcs ...ints) ints { return Map(CombineLatestAll(srcs...), sum) },
		"Concat":           Concat[int],
		"Merge":            Merge[int],
		"MergeDelayError":  MergeDelayError[int],
		"Race":             Race[int],
		"ZipAll":           func(srcs ...ints) ints { return Map(ZipAll(srcs...), sum) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srcs := []ints{from(1, 2), from[int]()}
				want, err := drain(t.Context(), op(srcs...))
				require.NoError(t, err)
				copied := op(srcs...)
				srcs[0] = from(100)
				srcs[1] = func(ctx context.Context) iter.Seq2[int, error] {
					return func(yield func(int, error) bool) { yield(0, errors.New("not an argument")) }
				}
				got, err := drain(t.Context(), copied)
				assert.NoError(t, err)
				assert.Equal(t, want, got)
			})
		})
	}
	t.Run("StartWith", func(t *testing.T) {
		items := []int{1}
		obs := StartWith(from(2), items...)
		items[0] = 100
		got, err := drain(t.Context(), obs)
		require.NoError(t, err)
		assert.Equal(t, []int{1, 2}, got)
	})
	t.Run("EventType", func(t *testing.T) {
		types := []string{"price"}
		obs := EventType(from(codec.Event{Type: "price"}, codec.Event{Type: "log"}), types...)
		types[0] = "log"
		got, err := drain(t.Context(), obs)
		require.NoError(t, err)
		assert.Equal(t, []codec.Event{{Type: "price"}}, got)
	})
}
