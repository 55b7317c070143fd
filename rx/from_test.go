package rx_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reactivex/rxgo/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rx"
	"github.com/rxsse/rxsse/rxssetest"
)

// A nil argument panics in the call that it is passed to.
func TestNilArguments(t *testing.T) {
	for want, f := range map[string]func(){
		"rx: From: it is nil":        func() { rx.From[int](nil) },
		"rx: FromFunc: build is nil": func() { rx.FromFunc[int, rxgo.Observable](nil) },
		"rx: FromHot: it is nil":     func() { rx.FromHot[int](nil) },
		"rx: Scope: build is nil":    func() { rx.Scope[rxgo.Observable](t.Context(), nil) },
		"rx: ToRxGo: src is nil":     func() { rx.ToRxGo[int](t.Context(), nil) },
	} {
		assert.PanicsWithValue(t, want, f)
	}
}

// So does a nil chain, with a message that says what is nil.
func TestNilChain(t *testing.T) {
	for name, f := range map[string]rxsse.Observable[int]{
		"FromFunc": rx.FromFunc[int](func(rxgo.Option) rxgo.Observable { return nil }),
		"Scope":    rx.From[int](rx.Scope(t.Context(), func(context.Context, rxgo.Option) rxgo.Observable { return nil })),
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				carried, ok := recover().(*rxsse.PanicError)
				require.True(t, ok)
				assert.Equal(t, "rx: build returned a nil observable", carried.Value)
			}()
			_, _ = collect(t.Context(), f)
		})
	}
}

// collect ranges over o to its end.
func collect[T any](ctx context.Context, o rxsse.Observable[T]) (values []T, err error) {
	for v, e := range o(ctx) {
		if e != nil {
			return values, e
		}
		values = append(values, v)
	}
	return values, nil
}

// throughFunc takes src to RxGo and back, like an operator that a user may write.
func throughFunc(chain func(o rxgo.Observable, opt rxgo.Option) rxgo.Observable) func(rxsse.Observable[int]) rxsse.Observable[int] {
	return func(src rxsse.Observable[int]) rxsse.Observable[int] {
		return func(ctx context.Context) iter.Seq2[int, error] {
			return rx.FromFunc[int](func(opt rxgo.Option) rxgo.Observable {
				return chain(rx.ToRxGo(ctx, src, opt), opt)
			})(ctx)
		}
	}
}

func panickingWith(src rxsse.Observable[int], v any) rxsse.Observable[int] {
	return func(ctx context.Context) iter.Seq2[int, error] {
		return func(func(int, error) bool) {
			for range src(ctx) {
				panic(v)
			}
		}
	}
}

func TestRoundTripKeepsTheContract(t *testing.T) {
	trips := map[string]func(rxsse.Observable[int]) rxsse.Observable[int]{
		"From": func(src rxsse.Observable[int]) rxsse.Observable[int] {
			return func(ctx context.Context) iter.Seq2[int, error] {
				return rx.From[int](rx.ToRxGo(ctx, src).Map(double))(ctx)
			}
		},
		"FromFunc lazy": throughFunc(func(o rxgo.Observable, opt rxgo.Option) rxgo.Observable { return o.Skip(0, opt) }),
		"FromFunc eager": throughFunc(func(o rxgo.Observable, opt rxgo.Option) rxgo.Observable {
			return o.StartWith(rxgo.Empty(), opt)
		}),
		"Scope": func(src rxsse.Observable[int]) rxsse.Observable[int] {
			return func(ctx context.Context) iter.Seq2[int, error] {
				return rx.From[int](rx.Scope(ctx, func(ctx context.Context, opt rxgo.Option) rxgo.Observable {
					return rx.ToRxGo(ctx, src).Filter(func(any) bool { return true }, opt)
				}))(ctx)
			}
		},
	}
	for name, trip := range trips {
		t.Run(name, func(t *testing.T) {
			rxssetest.Operator[int, int]{
				Apply: trip,
				Items: []int{1, 2, 3},
				Panicking: func(src rxsse.Observable[int], v any) rxsse.Observable[int] {
					return trip(panickingWith(src, v))
				},
			}.Check(t)
		})
	}
}

func TestFromRxGoSourcesKeepsTheContract(t *testing.T) {
	producing := func(produce rxgo.Producer) rxsse.Observable[int] {
		return rx.From[int](rxgo.Defer([]rxgo.Producer{produce}))
	}
	rxssetest.Source[int]{
		Finite:  func() rxsse.Observable[int] { return rx.From[int](rxgo.Just(1, 2, 3)()) },
		Want:    []int{1, 2, 3},
		Failing: func(err error) rxsse.Observable[int] { return rx.From[int](rxgo.Just(1, err)()) },
		Endless: func() rxsse.Observable[int] {
			return producing(func(ctx context.Context, next chan<- rxgo.Item) {
				for rxgo.Of(1).SendContext(ctx, next) {
				}
			})
		},
		Silent: func() rxsse.Observable[int] {
			return producing(func(ctx context.Context, _ chan<- rxgo.Item) { <-ctx.Done() })
		},
	}.Check(t)
}

func TestFromTypes(t *testing.T) {
	one := 1
	lift := func(o rxgo.Observable) map[string]func() (any, error) {
		return map[string]func() (any, error){
			"int":       func() (any, error) { return collect(t.Context(), rx.From[int](o)) },
			"string":    func() (any, error) { return collect(t.Context(), rx.From[string](o)) },
			"*int":      func() (any, error) { return collect(t.Context(), rx.From[*int](o)) },
			"any":       func() (any, error) { return collect(t.Context(), rx.From[any](o)) },
			"error":     func() (any, error) { return collect(t.Context(), rx.From[error](o)) },
			"[]int":     func() (any, error) { return collect(t.Context(), rx.From[[]int](o)) },
			"map":       func() (any, error) { return collect(t.Context(), rx.From[map[string]int](o)) },
			"func":      func() (any, error) { return collect(t.Context(), rx.From[func()](o)) },
			"chan":      func() (any, error) { return collect(t.Context(), rx.From[chan int](o)) },
			"struct":    func() (any, error) { return collect(t.Context(), rx.From[struct{}](o)) },
			"rxgo.Item": func() (any, error) { return collect(t.Context(), rx.From[rxgo.Item](o)) },
		}
	}
	tests := []struct {
		name string
		as   string
		v    any
		want any
		got  reflect.Type // the Got of a TypeError, where want is nil
		err  bool
	}{
		{name: "value of the type", as: "int", v: 1, want: []int{1}},
		{name: "another type", as: "int", v: "1", err: true, got: reflect.TypeFor[string]()},
		{name: "no conversion", as: "int", v: int8(1), err: true, got: reflect.TypeFor[int8]()},
		{name: "nil for a number", as: "int", v: nil, err: true},
		{name: "nil for a string", as: "string", v: nil, err: true},
		{name: "nil for a struct", as: "struct", v: nil, err: true},
		{name: "pointer", as: "*int", v: &one, want: []*int{&one}},
		{name: "nil for a pointer", as: "*int", v: nil, want: []*int{nil}},
		{name: "nil pointer", as: "*int", v: (*int)(nil), want: []*int{nil}},
		{name: "another pointer", as: "*int", v: (*string)(nil), err: true, got: reflect.TypeFor[*string]()},
		{name: "nil for any", as: "any", v: nil, want: []any{nil}},
		{name: "anything for any", as: "any", v: "x", want: []any{"x"}},
		{name: "error as a value", as: "error", v: errBoom, want: []error{errBoom}},
		{name: "not an implementation", as: "error", v: 1, err: true, got: reflect.TypeFor[int]()},
		{name: "slice", as: "[]int", v: []int{1, 2}, want: [][]int{{1, 2}}},
		{name: "nil for a slice", as: "[]int", v: nil, want: [][]int{nil}},
		{name: "nil for a map", as: "map", v: nil, want: []map[string]int{nil}},
		{name: "nil for a func", as: "func", v: nil, want: []func(){nil}},
		{name: "nil for a chan", as: "chan", v: nil, want: []chan int{nil}},
		{name: "an item as a value", as: "rxgo.Item", v: rxgo.Error(errBoom), want: []rxgo.Item{rxgo.Error(errBoom)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The value goes to RxGo through the bridge, which must not touch it.
			o := rx.ToRxGo(t.Context(), func(context.Context) iter.Seq2[any, error] {
				return func(yield func(any, error) bool) { yield(tt.v, nil) }
			})
			got, err := lift(o)[tt.as]()
			if !tt.err {
				require.NoError(t, err)
				assert.Equal(t, tt.want, got)
				return
			}
			typeErr, ok := errors.AsType[*rx.TypeError](err)
			require.True(t, ok, "want a TypeError, got %v", err)
			assert.Equal(t, tt.got, typeErr.Got)
			assert.Contains(t, typeErr.Want.String(), tt.as)
		})
	}
}

func TestTypeErrorNamesBothTypes(t *testing.T) {
	tests := map[string]struct {
		err  *rx.TypeError
		want string
	}{
		"types": {
			err:  &rx.TypeError{Want: reflect.TypeFor[int](), Got: reflect.TypeFor[[]any]()},
			want: "rx: item is of type []interface {}, want int: name the type that the chain emits, or Map to it",
		},
		"nil": {
			err:  &rx.TypeError{Want: reflect.TypeFor[int]()},
			want: "rx: item is nil, want int: name the type that the chain emits, or Map to it",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { assert.EqualError(t, tt.err, tt.want) })
	}
}

func TestContinueOnError(t *testing.T) {
	chain := rxgo.Just(1, errBoom, "two", 3)
	tests := map[string]struct {
		opts    func(*[]error) []rx.Option
		values  []any
		err     error
		skipped []error
	}{
		"by default the first error ends": {
			opts:   func(*[]error) []rx.Option { return nil },
			values: []any{1}, err: errBoom,
		},
		"handed over and skipped": {
			opts: func(got *[]error) []rx.Option {
				return []rx.Option{rx.ContinueOnError(func(err error) { *got = append(*got, err) })}
			},
			values: []any{1, "two", 3}, skipped: []error{errBoom},
		},
		"a nil function is none": {
			opts:   func(*[]error) []rx.Option { return []rx.Option{rx.ContinueOnError(nil)} },
			values: []any{1}, err: errBoom,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var skipped []error
			values, err := collect(t.Context(), rx.From[any](chain(), tt.opts(&skipped)...))
			assert.Equal(t, tt.values, values)
			assert.Equal(t, tt.err, err)
			assert.Equal(t, tt.skipped, skipped)
		})
	}
	t.Run("a TypeError ends all the same", func(t *testing.T) {
		o := rx.From[int](chain(), rx.ContinueOnError(func(error) {}))
		values, err := collect(t.Context(), o)
		assert.Equal(t, []int{1}, values)
		assert.ErrorAs(t, err, new(*rx.TypeError))
	})
}

// TestFromLeavesEarly pins how long a range takes to be left, and what RxGo keeps.
func TestFromLeavesEarly(t *testing.T) {
	tests := []struct {
		name  string
		chain func(ctx context.Context) rxgo.Observable
		takes time.Duration
	}{
		{name: "lazy operators", chain: func(ctx context.Context) rxgo.Observable {
			return rx.ToRxGo(ctx, endless()).Map(double)
		}},
		{name: "an operator that sends without a context is drained", chain: func(ctx context.Context) rxgo.Observable {
			return rx.ToRxGo(ctx, endless()).FlatMap(func(i rxgo.Item) rxgo.Observable {
				return rxgo.Just(i.V, i.V, i.V)()
			})
		}},
		{name: "a channel that never closes costs the drainTimeout", takes: drainTimeout, chain: func(context.Context) rxgo.Observable {
			return rxgo.Range(0, 1000)
		}},
		{name: "an endless sender without a context is drained no longer", takes: drainTimeout, chain: func(ctx context.Context) rxgo.Observable {
			return rxgo.Interval(ticks(1), rxgo.WithContext(ctx))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				for range rx.From[any](tt.chain(ctx))(t.Context()) {
					break
				}
				// The clock starts with the first item: the time until then is not counted.
				start := time.Now()
				for range rx.From[any](tt.chain(ctx))(t.Context()) {
					start = time.Now()
					break
				}
				assert.Equal(t, tt.takes, time.Since(start))
				cancel()
				time.Sleep(2 * drainTimeout)
			})
		})
	}
}

// TestSourceIsClosedWhenTheRangeReturns: RxGo does not report when the source below a chain
// has ended, but the bridge waits for it.
func TestSourceIsClosedWhenTheRangeReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := false
		src := func(ctx context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				defer func() {
					time.Sleep(drainTimeout / 2) // a connection takes a while to close
					closed = true
				}()
				for v, err := range endless()(ctx) {
					if !yield(v, err) {
						return
					}
				}
			}
		}
		o := rx.FromFunc[int](func(opt rxgo.Option) rxgo.Observable {
			// Map is cancelled too and has closed its channel long before.
			return rx.ToRxGo(t.Context(), src).Map(double, opt)
		})
		for range o(t.Context()) {
			break
		}
		assert.True(t, closed)
	})
}

func TestFromFuncBuildsForEachRange(t *testing.T) {
	built := 0
	count := rx.FromFunc[int64](func(opt rxgo.Option) rxgo.Single {
		built++
		return rxgo.Range(0, 7).Count(opt) // can be observed only once
	})
	assert.Zero(t, built, "built before the range")
	for range 3 {
		values, err := collect(t.Context(), count)
		require.NoError(t, err)
		assert.Equal(t, []int64{7}, values)
	}
	assert.Equal(t, 3, built)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errOwner)
	_, err := collect(ctx, count)
	assert.Equal(t, errOwner, err)
	assert.Equal(t, 3, built, "built although the context had ended")
}

// TestCancelInTheLoopBody: items that are ready are not delivered after it, which
// a select between them and the context would do every other time.
func TestCancelInTheLoopBody(t *testing.T) {
	for range 64 {
		items := make(chan rxgo.Item, 8)
		for i := range cap(items) {
			items <- rxgo.Of(i)
		}
		close(items)
		ctx, cancel := context.WithCancelCause(t.Context())
		var values []int
		var errs []error
		for v, err := range rx.From[int](rxgo.FromChannel(items))(ctx) {
			if err != nil {
				errs = append(errs, err)
				continue
			}
			values = append(values, v)
			cancel(errOwner)
		}
		cancel(nil)
		require.Equal(t, []int{0}, values)
		require.Equal(t, []error{errOwner}, errs)
	}
}

func ExampleFrom() {
	squares := rxgo.Just(1, 2, 3)().Map(func(_ context.Context, v any) (any, error) {
		n, _ := v.(int)
		return n * n, nil
	})
	ctx := context.Background()
	for v, err := range rx.From[int](squares)(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(v)
	}
	// Output:
	// 1
	// 4
	// 9
}

func ExampleFromFunc() {
	total := rx.FromFunc[int](func(opt rxgo.Option) rxgo.OptionalSingle {
		left, right := rxgo.Just(1, 2, 3)(), rxgo.Just(10, 20)()
		return rxgo.Merge([]rxgo.Observable{left, right}, opt).
			Reduce(func(_ context.Context, acc, v any) (any, error) {
				sum, _ := acc.(int) // acc is nil at first
				n, _ := v.(int)
				return sum + n, nil
			}, opt)
	})
	ctx := context.Background()
	for range 2 { // RxGo's own Merge and Reduce can be observed only once
		for v, err := range total(ctx) {
			fmt.Println(v, err)
		}
	}
	// Output:
	// 36 <nil>
	// 36 <nil>
}

// An RxGo operator in a typed pipeline: bind the source to the context of the
// range, and give the option to the source and to every operator.
func ExampleFromFunc_operator() {
	buffered := func(src rxsse.Observable[int], n int) rxsse.Observable[[]any] {
		return func(ctx context.Context) iter.Seq2[[]any, error] {
			return rx.FromFunc[[]any](func(opt rxgo.Option) rxgo.Observable {
				return rx.ToRxGo(ctx, src, opt).BufferWithCount(n, opt)
			})(ctx)
		}
	}
	numbers := rx.From[int](rxgo.Range(1, 5))
	for b, err := range buffered(numbers, 2)(context.Background()) {
		fmt.Println(b, err)
	}
	// Output:
	// [1 2] <nil>
	// [3 4] <nil>
	// [5] <nil>
}

func ExampleContinueOnError() {
	chain := rxgo.Just("1", "two", "3")().Map(func(_ context.Context, v any) (any, error) {
		n, err := strconv.Atoi(fmt.Sprint(v))
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", v)
		}
		return n, nil
	}, rxgo.WithErrorStrategy(rxgo.ContinueOnError))

	numbers := rx.From[int](chain, rx.ContinueOnError(func(err error) { fmt.Println("skipped:", err) }))
	for n, err := range numbers(context.Background()) {
		fmt.Println(n, err)
	}
	// Output:
	// 1 <nil>
	// skipped: "two" is not a number
	// 3 <nil>
}
