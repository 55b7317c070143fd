package rx_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/reactivex/rxgo/v2"
)

// A method is one method or function of RxGo, with a chain that ends in it.
type method struct {
	name string
	// build makes the chain; its transcript is the result. Terminal methods, which return
	// no Iterable, set run instead and record their result themselves.
	build func(kit) rxgo.Iterable
	run   func(kit) []string
	// timed marks methods that depend on the time between items, or on which of two streams
	// is first: they are only compared on paced streams.
	timed bool
	// gives marks functions that begin a stream, and so have no source of ours below: their
	// result is lifted.
	gives bool
	// outlives marks methods that complete while the observables that they emitted
	// continue: FromFunc and Scope stop those too, as documented.
	outlives bool
	// locks marks methods that hold a mutex while they wait for their reader. A goroutine
	// that waits for a mutex stops the clock of a bubble, so these are abandoned in real
	// time.
	locks bool
	// leaves names the RxGo functions that stay blocked in a send when the chain is
	// abandoned, even after its source has ended. It is empty for the many chains that
	// leave only sequential.
	leaves []string
}

// sequential is the function that runs one operator in RxGo.
var sequential = []string{"runSequential.func1"}

// num returns an item of a test's stream as a number.
func num(v any) int { return v.(int) } //nolint:errcheck // another item is a bug, and panics

func double(_ context.Context, v any) (any, error) { return 2 * num(v), nil }

func parity(_ context.Context, v any) (any, error) { return num(v) % 2, nil }

func add(_ context.Context, acc, v any) (any, error) {
	if acc == nil {
		return v, nil
	}
	return num(acc) + num(v), nil
}

func even(v any) bool { return num(v)%2 == 0 }

func small(v any) bool { return num(v) < 3 }

func always(error) bool { return true }

func compare(a, b any) int { return num(a) - num(b) }

// as converts the items to numbers of another type.
func as[T int8 | int16 | int32 | int64 | float32 | float64](k kit) rxgo.Observable {
	return k.src().Map(func(_ context.Context, v any) (any, error) { return T(num(v)), nil }, k.opts...)
}

// got records what a Get returned.
func got(item rxgo.Item, err error) []string {
	if err != nil {
		return []string{"get: " + err.Error()}
	}
	return []string{render(item)}
}

// A pause is a backoff of one tick for some attempts.
type pause struct{ attempts int }

func (p *pause) NextBackOff() time.Duration {
	if p.attempts--; p.attempts < 0 {
		return -1
	}
	return tick
}

func (p *pause) Reset() {}

func ticks(n float64) rxgo.Duration { return rxgo.WithDuration(time.Duration(n * float64(tick))) }

// both is the pair of streams that functions over several streams get.
func (k kit) both() []rxgo.Observable { return []rxgo.Observable{k.src(), k.other()} }

// silent emits nothing for longer than any test waits.
var silent = script{values: []int{0}, pace: time.Hour}

// fed gives a channel that gets three items, a tick apart, and is closed.
func (k kit) fed() <-chan rxgo.Item {
	ch := make(chan rxgo.Item)
	go func() {
		defer close(ch)
		for i := range 3 {
			if !wait(k.ctx, tick) || !rxgo.Of(i).SendContext(k.ctx, ch) {
				return
			}
		}
	}()
	return ch
}

// methods has one row for each method of rxgo.Observable, Single and OptionalSingle, and
// for each function that takes or returns one of them, as TestMethodsAreComplete checks.
func methods() []method {
	table := append(observableMethods(), windowMethods()...)
	table = append(table, terminalMethods()...)
	table = append(table, singleMethods()...)
	return append(table, functions()...)
}

// observableMethods turn a stream into a stream.
func observableMethods() []method {
	return []method{
		{name: "Observable.BackOffRetry", timed: true, leaves: []string{"(*ObservableImpl).BackOffRetry.func2"}, build: func(k kit) rxgo.Iterable {
			return k.src().BackOffRetry(&pause{attempts: 2}, k.opts...)
		}},
		{name: "Observable.Debounce", timed: true, leaves: []string{"(*ObservableImpl).Debounce.func1"}, build: func(k kit) rxgo.Iterable {
			return k.src().Debounce(ticks(0.3), k.opts...)
		}},
		{name: "Observable.DefaultIfEmpty", build: func(k kit) rxgo.Iterable {
			return k.src().DefaultIfEmpty(7, k.opts...)
		}},
		{name: "Observable.Distinct", build: func(k kit) rxgo.Iterable {
			return k.src().Distinct(parity, k.opts...)
		}},
		{name: "Observable.DistinctUntilChanged", build: func(k kit) rxgo.Iterable {
			return k.src().DistinctUntilChanged(func(_ context.Context, v any) (any, error) { return num(v) / 3, nil }, k.opts...)
		}},
		{name: "Observable.Filter", build: func(k kit) rxgo.Iterable {
			return k.src().Filter(even, k.opts...)
		}},
		{name: "Observable.FlatMap", leaves: []string{"(*ObservableImpl).FlatMap.func1", "(*rangeIterable).Observe.func1"}, build: func(k kit) rxgo.Iterable {
			return k.src().FlatMap(func(i rxgo.Item) rxgo.Observable {
				if i.Error() {
					return rxgo.Thrown(i.E)
				}
				return rxgo.Range(num(i.V), 2, k.opts...)
			}, k.opts...)
		}},
		{name: "Observable.IgnoreElements", build: func(k kit) rxgo.Iterable {
			return k.src().IgnoreElements(k.opts...)
		}},
		{name: "Observable.Join", timed: true, leaves: []string{"(*ObservableImpl).Join.func1"}, build: func(k kit) rxgo.Iterable {
			at := func(v any) time.Time { return time.UnixMilli(int64(num(v) % 10)) }
			return k.src().Join(func(_ context.Context, l, r any) (any, error) {
				return fmt.Sprint(l, r), nil
			}, k.other(), at, ticks(1), k.opts...)
		}},
		{name: "Observable.Map", build: func(k kit) rxgo.Iterable {
			return k.src().Map(double, k.opts...)
		}},
		{name: "Observable.Marshal", build: func(k kit) rxgo.Iterable {
			return k.src().Marshal(func(v any) ([]byte, error) { return []byte(strconv.Itoa(num(v))), nil }, k.opts...)
		}},
		{name: "Observable.Observe", build: func(k kit) rxgo.Iterable {
			return k.src()
		}},
		{name: "Observable.OnErrorResumeNext", build: func(k kit) rxgo.Iterable {
			return k.src().OnErrorResumeNext(func(error) rxgo.Observable { return rxgo.Range(8, 2, k.opts...) }, k.opts...)
		}},
		{name: "Observable.OnErrorReturn", build: func(k kit) rxgo.Iterable {
			return k.src().OnErrorReturn(func(err error) any { return err.Error() }, k.opts...)
		}},
		{name: "Observable.OnErrorReturnItem", build: func(k kit) rxgo.Iterable {
			return k.src().OnErrorReturnItem(9, k.opts...)
		}},
		{name: "Observable.Repeat", build: func(k kit) rxgo.Iterable {
			return k.src().Repeat(1, ticks(0.5), k.opts...)
		}},
		{name: "Observable.Retry", leaves: []string{"(*ObservableImpl).Retry.func1"}, build: func(k kit) rxgo.Iterable {
			return k.src().Retry(2, always, k.opts...)
		}},
		{
			name: "Observable.Sample", timed: true,
			leaves: []string{"(*ObservableImpl).Sample.func1", "(*ObservableImpl).Sample.func2", "(*ObservableImpl).Sample.func3"},
			build: func(k kit) rxgo.Iterable {
				return k.src().Sample(k.other(), k.opts...)
			},
		},
		{name: "Observable.Scan", build: func(k kit) rxgo.Iterable {
			return k.src().Scan(add, k.opts...)
		}},
		{name: "Observable.Serialize", leaves: []string{"(*ObservableImpl).Serialize.func2"}, build: func(k kit) rxgo.Iterable {
			return k.src().Serialize(1, num, k.opts...)
		}},
		{name: "Observable.Skip", build: func(k kit) rxgo.Iterable {
			return k.src().Skip(2, k.opts...)
		}},
		{name: "Observable.SkipLast", build: func(k kit) rxgo.Iterable {
			return k.src().SkipLast(2, k.opts...)
		}},
		{name: "Observable.SkipWhile", build: func(k kit) rxgo.Iterable {
			return k.src().SkipWhile(small, k.opts...)
		}},
		{name: "Observable.StartWith", leaves: []string{"(*ObservableImpl).StartWith.func1"}, build: func(k kit) rxgo.Iterable {
			return k.src().StartWith(k.other(), k.opts...)
		}},
		{name: "Observable.Take", build: func(k kit) rxgo.Iterable {
			return k.src().Take(2, k.opts...)
		}},
		{name: "Observable.TakeLast", build: func(k kit) rxgo.Iterable {
			return k.src().TakeLast(2, k.opts...)
		}},
		{name: "Observable.TakeUntil", build: func(k kit) rxgo.Iterable {
			return k.src().TakeUntil(even, k.opts...)
		}},
		{name: "Observable.TakeWhile", build: func(k kit) rxgo.Iterable {
			return k.src().TakeWhile(small, k.opts...)
		}},
		{name: "Observable.TimeInterval", timed: true, leaves: []string{"(*ObservableImpl).TimeInterval.func1"}, build: func(k kit) rxgo.Iterable {
			return k.src().TimeInterval(k.opts...)
		}},
		{name: "Observable.Timestamp", timed: true, build: func(k kit) rxgo.Iterable {
			return k.src().Timestamp(k.opts...)
		}},
		{name: "Observable.Unmarshal", leaves: []string{"runSequential.func1", "runSequential.func1"}, build: func(k kit) rxgo.Iterable {
			return k.src().Map(func(_ context.Context, v any) (any, error) {
				return []byte(strconv.Itoa(num(v))), nil
			}, k.opts...).Unmarshal(func(b []byte, v any) error {
				n, err := strconv.Atoi(string(b))
				*v.(*int) = n //nolint:errcheck // what the factory made
				return err
			}, func() any { return new(int) }, k.opts...)
		}},
		{name: "Observable.ZipFromIterable", leaves: []string{"(*ObservableImpl).ZipFromIterable.func1"}, build: func(k kit) rxgo.Iterable {
			return k.src().ZipFromIterable(k.other(), add, k.opts...)
		}},
	}
}

// windowMethods emit several items as one, or streams of items.
func windowMethods() []method {
	return []method{
		{name: "Observable.BufferWithCount", build: func(k kit) rxgo.Iterable {
			return k.src().BufferWithCount(2, k.opts...)
		}},
		{name: "Observable.BufferWithTime", timed: true, locks: true, leaves: []string{"(*ObservableImpl).BufferWithTime.func1", "(*ObservableImpl).BufferWithTime.func1.2"}, build: func(k kit) rxgo.Iterable {
			return k.src().BufferWithTime(ticks(2.3), k.opts...)
		}},
		{name: "Observable.BufferWithTimeOrCount", timed: true, locks: true, leaves: []string{"(*ObservableImpl).BufferWithTimeOrCount.func1", "(*ObservableImpl).BufferWithTimeOrCount.func1.2"}, build: func(k kit) rxgo.Iterable {
			return k.src().BufferWithTimeOrCount(ticks(2.3), 2, k.opts...)
		}},
		{name: "Observable.GroupBy", outlives: true, leaves: []string{"(*ObservableImpl).GroupBy.func1", "(*sliceIterable).Observe.func1"}, build: func(k kit) rxgo.Iterable {
			return k.src().GroupBy(2, func(i rxgo.Item) int {
				if i.Error() {
					return 0
				}
				return num(i.V) % 2
			}, k.opts...)
		}},
		{name: "Observable.GroupByDynamic", leaves: []string{"(*ObservableImpl).GroupByDynamic.func1"}, build: func(k kit) rxgo.Iterable {
			return k.src().GroupByDynamic(func(i rxgo.Item) string {
				if i.Error() {
					return "error"
				}
				return strconv.Itoa(num(i.V) % 2)
			}, k.opts...)
		}},
		{name: "Observable.WindowWithCount", build: func(k kit) rxgo.Iterable {
			return k.src().WindowWithCount(2, k.opts...)
		}},
		{name: "Observable.WindowWithTime", timed: true, locks: true, leaves: []string{"(*ObservableImpl).WindowWithTime.func1"}, build: func(k kit) rxgo.Iterable {
			return k.src().WindowWithTime(ticks(2.3), k.opts...)
		}},
		{name: "Observable.WindowWithTimeOrCount", timed: true, locks: true, leaves: []string{"(*ObservableImpl).WindowWithTimeOrCount.func1"}, build: func(k kit) rxgo.Iterable {
			return k.src().WindowWithTimeOrCount(ticks(2.3), 2, k.opts...)
		}},
	}
}

// terminalMethods end a stream: in one value, or in none.
func terminalMethods() []method {
	return []method{
		{name: "Observable.All", build: func(k kit) rxgo.Iterable { return k.src().All(small, k.opts...) }},
		{name: "Observable.AverageFloat32", build: func(k kit) rxgo.Iterable { return as[float32](k).AverageFloat32(k.opts...) }},
		{name: "Observable.AverageFloat64", build: func(k kit) rxgo.Iterable { return as[float64](k).AverageFloat64(k.opts...) }},
		{name: "Observable.AverageInt", build: func(k kit) rxgo.Iterable { return k.src().AverageInt(k.opts...) }},
		{name: "Observable.AverageInt8", build: func(k kit) rxgo.Iterable { return as[int8](k).AverageInt8(k.opts...) }},
		{name: "Observable.AverageInt16", build: func(k kit) rxgo.Iterable { return as[int16](k).AverageInt16(k.opts...) }},
		{name: "Observable.AverageInt32", build: func(k kit) rxgo.Iterable { return as[int32](k).AverageInt32(k.opts...) }},
		{name: "Observable.AverageInt64", build: func(k kit) rxgo.Iterable { return as[int64](k).AverageInt64(k.opts...) }},
		{name: "Observable.Connect", timed: true, run: func(k kit) []string {
			ctx, dispose := k.src().Connect(k.ctx)
			wait(k.ctx, 10*tick)
			dispose()
			return []string{ctx.Err().Error()}
		}},
		{name: "Observable.Contains", build: func(k kit) rxgo.Iterable { return k.src().Contains(even, k.opts...) }},
		{name: "Observable.Count", build: func(k kit) rxgo.Iterable { return k.src().Count(k.opts...) }},
		{name: "Observable.DoOnCompleted", run: func(k kit) (lines []string) {
			<-k.src().DoOnCompleted(func() { lines = append(lines, "completed") }, k.opts...)
			return lines
		}},
		{name: "Observable.DoOnError", run: func(k kit) (lines []string) {
			<-k.src().DoOnError(func(err error) { lines = append(lines, err.Error()) }, k.opts...)
			return lines
		}},
		{name: "Observable.DoOnNext", run: func(k kit) (lines []string) {
			<-k.src().DoOnNext(func(v any) { lines = append(lines, fmt.Sprint(v)) }, k.opts...)
			return lines
		}},
		{name: "Observable.ElementAt", build: func(k kit) rxgo.Iterable { return k.src().ElementAt(1, k.opts...) }},
		{name: "Observable.Error", run: func(k kit) []string { return []string{fmt.Sprint(k.src().Error(k.opts...))} }},
		{name: "Observable.Errors", run: func(k kit) []string { return []string{fmt.Sprint(k.src().Errors(k.opts...))} }},
		{name: "Observable.Find", build: func(k kit) rxgo.Iterable { return k.src().Find(even, k.opts...) }},
		{name: "Observable.First", build: func(k kit) rxgo.Iterable { return k.src().First(k.opts...) }},
		{name: "Observable.FirstOrDefault", build: func(k kit) rxgo.Iterable { return k.src().FirstOrDefault(7, k.opts...) }},
		{name: "Observable.ForEach", run: func(k kit) (lines []string) {
			<-k.src().ForEach(
				func(v any) { lines = append(lines, fmt.Sprint(v)) },
				func(err error) { lines = append(lines, err.Error()) },
				func() { lines = append(lines, "completed") },
				k.opts...)
			return lines
		}},
		{name: "Observable.Last", build: func(k kit) rxgo.Iterable { return k.src().Last(k.opts...) }},
		{name: "Observable.LastOrDefault", build: func(k kit) rxgo.Iterable { return k.src().LastOrDefault(7, k.opts...) }},
		{name: "Observable.Max", build: func(k kit) rxgo.Iterable { return k.src().Max(compare, k.opts...) }},
		{name: "Observable.Min", build: func(k kit) rxgo.Iterable { return k.src().Min(compare, k.opts...) }},
		{name: "Observable.Reduce", build: func(k kit) rxgo.Iterable { return k.src().Reduce(add, k.opts...) }},
		{name: "Observable.Run", run: func(k kit) []string {
			<-k.src().Run(k.opts...)
			return []string{"disposed"}
		}},
		{name: "Observable.Send", run: func(k kit) []string {
			items := make(chan rxgo.Item)
			k.src().Send(items, k.opts...)
			return read(k.ctx, items)
		}},
		{name: "Observable.SequenceEqual", leaves: []string{"(*ObservableImpl).SequenceEqual.func3"}, build: func(k kit) rxgo.Iterable {
			return k.src().SequenceEqual(k.src(), k.opts...)
		}},
		{name: "Observable.SumFloat32", build: func(k kit) rxgo.Iterable { return as[float32](k).SumFloat32(k.opts...) }},
		{name: "Observable.SumFloat64", build: func(k kit) rxgo.Iterable { return as[float64](k).SumFloat64(k.opts...) }},
		{name: "Observable.SumInt64", build: func(k kit) rxgo.Iterable { return as[int64](k).SumInt64(k.opts...) }},
		{name: "Observable.ToMap", build: func(k kit) rxgo.Iterable { return k.src().ToMap(double, k.opts...) }},
		{name: "Observable.ToMapWithValueSelector", build: func(k kit) rxgo.Iterable {
			return k.src().ToMapWithValueSelector(double, parity, k.opts...)
		}},
		{name: "Observable.ToSlice", run: func(k kit) []string {
			values, err := k.src().ToSlice(0, k.opts...)
			return []string{fmt.Sprint(values, err)}
		}},
	}
}

// singleMethods are those of a stream of one value.
func singleMethods() []method {
	single := func(k kit) rxgo.Single { return k.src().AverageInt(k.opts...) }
	optional := func(k kit) rxgo.OptionalSingle { return k.src().Max(compare, k.opts...) }
	return []method{
		{name: "Single.Filter", leaves: []string{"runSequential.func1", "runSequential.func1"}, build: func(k kit) rxgo.Iterable { return single(k).Filter(even, k.opts...) }},
		{name: "Single.Get", leaves: sequential, run: func(k kit) []string { return got(single(k).Get(k.opts...)) }},
		{name: "Single.Map", leaves: []string{"runSequential.func1", "runSequential.func1"}, build: func(k kit) rxgo.Iterable { return single(k).Map(double, k.opts...) }},
		{name: "Single.Observe", build: func(k kit) rxgo.Iterable { return single(k) }},
		{name: "Single.Run", run: func(k kit) []string {
			<-single(k).Run(k.opts...)
			return []string{"disposed"}
		}},
		{name: "OptionalSingle.Get", leaves: sequential, run: func(k kit) []string { return got(optional(k).Get(k.opts...)) }},
		{name: "OptionalSingle.Map", leaves: []string{"runSequential.func1", "runSequential.func1"}, build: func(k kit) rxgo.Iterable { return optional(k).Map(double, k.opts...) }},
		{name: "OptionalSingle.Observe", build: func(k kit) rxgo.Iterable { return optional(k) }},
		{name: "OptionalSingle.Run", run: func(k kit) []string {
			<-optional(k).Run(k.opts...)
			return []string{"disposed"}
		}},
	}
}

// functions of the package rxgo.
func functions() []method {
	return []method{
		// The second stream of Amb is silent: where both emit, Amb takes an item from
		// each and the slower waits for a mutex that is held until the end.
		{name: "Amb", timed: true, locks: true, leaves: []string{"Amb.func1", "Amb.func1"}, build: func(k kit) rxgo.Iterable {
			return rxgo.Amb([]rxgo.Observable{k.src(), k.play(silent)}, k.opts...)
		}},
		{name: "Assert", run: func(k kit) (lines []string) {
			rxgo.Assert(k.ctx, k.t, k.src(), rxgo.CustomPredicate(func(values []any) error {
				lines = append(lines, fmt.Sprint(values))
				return nil
			}))
			return lines
		}},
		{
			name: "CombineLatest", timed: true, locks: true,
			leaves: []string{"CombineLatest.func1", "CombineLatest.func1.1", "CombineLatest.func1.1", "CombineLatest.func1.2"},
			build: func(k kit) rxgo.Iterable {
				return rxgo.CombineLatest(func(v ...any) any { return fmt.Sprint(v...) }, k.both(), k.opts...)
			},
		},
		{name: "Concat", leaves: []string{"Concat.func1"}, build: func(k kit) rxgo.Iterable { return rxgo.Concat(k.both(), k.opts...) }},
		{
			name: "Merge", timed: true,
			leaves: []string{"Merge.func1", "Merge.func1", "Merge.func2"},
			build:  func(k kit) rxgo.Iterable { return rxgo.Merge(k.both(), k.opts...) },
		},

		{name: "Create", gives: true, build: func(k kit) rxgo.Iterable {
			return rxgo.Create([]rxgo.Producer{func(ctx context.Context, next chan<- rxgo.Item) {
				rxgo.Of(1).SendContext(ctx, next)
				rxgo.Error(errBoom).SendContext(ctx, next)
			}}, k.opts...)
		}},
		{name: "Defer", gives: true, build: func(k kit) rxgo.Iterable {
			return rxgo.Defer([]rxgo.Producer{func(ctx context.Context, next chan<- rxgo.Item) {
				rxgo.Of(1).SendContext(ctx, next)
				rxgo.Error(errBoom).SendContext(ctx, next)
			}}, k.opts...)
		}},
		{name: "Empty", gives: true, build: func(kit) rxgo.Iterable { return rxgo.Empty() }},
		{name: "FromChannel", gives: true, build: func(k kit) rxgo.Iterable { return rxgo.FromChannel(k.fed(), k.opts...) }},
		{name: "FromEventSource", gives: true, build: func(k kit) rxgo.Iterable { return rxgo.FromEventSource(k.fed(), k.opts...) }},
		{name: "Interval", gives: true, build: func(k kit) rxgo.Iterable {
			return rxgo.Interval(ticks(1), k.opts...).Take(3, k.opts...)
		}},
		{name: "Just", gives: true, build: func(k kit) rxgo.Iterable { return rxgo.Just(1, "two", errBoom)(k.opts...) }},
		{name: "JustItem", gives: true, build: func(k kit) rxgo.Iterable { return rxgo.JustItem(1, k.opts...) }},
		{name: "Never", gives: true, build: func(kit) rxgo.Iterable { return rxgo.Never() }},
		{name: "Range", gives: true, build: func(k kit) rxgo.Iterable { return rxgo.Range(1, 3, k.opts...) }},
		{name: "Start", gives: true, build: func(k kit) rxgo.Iterable {
			return rxgo.Start([]rxgo.Supplier{func(context.Context) rxgo.Item { return rxgo.Of(1) }}, k.opts...)
		}},
		{name: "Thrown", gives: true, build: func(kit) rxgo.Iterable { return rxgo.Thrown(errors.New("thrown")) }},
		{name: "Timer", gives: true, build: func(k kit) rxgo.Iterable { return rxgo.Timer(ticks(3), k.opts...) }},
	}
}
