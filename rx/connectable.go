package rx

import (
	"context"
	"sync"
	"time"

	"github.com/reactivex/rxgo/v2"
)

// A connectable is RxGo's published observable of a channel, whose Connect also
// starts the source. The observables that its operators return share the Connect, so
// that a chain can be connected at its end, as in RxGo.
type connectable struct {
	rxgo.Observable

	source *hotSource
}

// A hotSource feeds a connectable, once.
type hotSource struct {
	published rxgo.Observable
	begin     func(connected context.Context)

	mu      sync.Mutex
	ctx     context.Context //nolint:containedctx // what Connect returned
	dispose rxgo.Disposable
}

func newConnectable(bound context.Context, opts []rxgo.Option, produce produceFunc) rxgo.Observable {
	items := make(chan rxgo.Item)
	s := &hotSource{published: rxgo.FromChannel(items, opts...)}
	s.begin = func(connected context.Context) {
		defer close(items)
		run(connected, bound, items, produce)
	}
	return &connectable{s.published, s}
}

// Connect subscribes to the source. Later calls return what the first returned.
func (c *connectable) Connect(ctx context.Context) (context.Context, rxgo.Disposable) {
	s := c.source
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx == nil {
		s.ctx, s.dispose = s.published.Connect(ctx)
		go s.begin(s.ctx) // ends with the source, with s.ctx, and with the bound context
	}
	return s.ctx, s.dispose
}

// with is what all operators below do. BackOffRetry is missing: it subscribes when it
// is built, and Connect on its result does nothing, as in RxGo.
func (c *connectable) with(o rxgo.Observable) rxgo.Observable { return &connectable{o, c.source} }

func (c *connectable) BufferWithCount(count int, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.BufferWithCount(count, opts...))
}

func (c *connectable) BufferWithTime(timespan rxgo.Duration, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.BufferWithTime(timespan, opts...))
}

func (c *connectable) BufferWithTimeOrCount(timespan rxgo.Duration, count int, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.BufferWithTimeOrCount(timespan, count, opts...))
}

func (c *connectable) Debounce(timespan rxgo.Duration, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Debounce(timespan, opts...))
}

func (c *connectable) DefaultIfEmpty(defaultValue any, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.DefaultIfEmpty(defaultValue, opts...))
}

func (c *connectable) Distinct(apply rxgo.Func, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Distinct(apply, opts...))
}

func (c *connectable) DistinctUntilChanged(apply rxgo.Func, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.DistinctUntilChanged(apply, opts...))
}

func (c *connectable) Filter(apply rxgo.Predicate, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Filter(apply, opts...))
}

func (c *connectable) FlatMap(apply rxgo.ItemToObservable, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.FlatMap(apply, opts...))
}

func (c *connectable) GroupBy(length int, distribution func(rxgo.Item) int, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.GroupBy(length, distribution, opts...))
}

func (c *connectable) GroupByDynamic(distribution func(rxgo.Item) string, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.GroupByDynamic(distribution, opts...))
}

func (c *connectable) IgnoreElements(opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.IgnoreElements(opts...))
}

func (c *connectable) Join(joiner rxgo.Func2, right rxgo.Observable, timeExtractor func(any) time.Time, window rxgo.Duration, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Join(joiner, right, timeExtractor, window, opts...))
}

func (c *connectable) Map(apply rxgo.Func, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Map(apply, opts...))
}

func (c *connectable) Marshal(marshaller rxgo.Marshaller, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Marshal(marshaller, opts...))
}

func (c *connectable) OnErrorResumeNext(resumeSequence rxgo.ErrorToObservable, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.OnErrorResumeNext(resumeSequence, opts...))
}

func (c *connectable) OnErrorReturn(resumeFunc rxgo.ErrorFunc, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.OnErrorReturn(resumeFunc, opts...))
}

func (c *connectable) OnErrorReturnItem(resume any, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.OnErrorReturnItem(resume, opts...))
}

func (c *connectable) Repeat(count int64, frequency rxgo.Duration, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Repeat(count, frequency, opts...))
}

func (c *connectable) Retry(count int, shouldRetry func(error) bool, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Retry(count, shouldRetry, opts...))
}

func (c *connectable) Sample(iterable rxgo.Iterable, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Sample(iterable, opts...))
}

func (c *connectable) Scan(apply rxgo.Func2, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Scan(apply, opts...))
}

func (c *connectable) Serialize(from int, identifier func(any) int, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Serialize(from, identifier, opts...))
}

func (c *connectable) Skip(nth uint, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Skip(nth, opts...))
}

func (c *connectable) SkipLast(nth uint, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.SkipLast(nth, opts...))
}

func (c *connectable) SkipWhile(apply rxgo.Predicate, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.SkipWhile(apply, opts...))
}

func (c *connectable) StartWith(iterable rxgo.Iterable, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.StartWith(iterable, opts...))
}

func (c *connectable) Take(nth uint, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Take(nth, opts...))
}

func (c *connectable) TakeLast(nth uint, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.TakeLast(nth, opts...))
}

func (c *connectable) TakeUntil(apply rxgo.Predicate, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.TakeUntil(apply, opts...))
}

func (c *connectable) TakeWhile(apply rxgo.Predicate, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.TakeWhile(apply, opts...))
}

func (c *connectable) TimeInterval(opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.TimeInterval(opts...))
}

func (c *connectable) Timestamp(opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Timestamp(opts...))
}

func (c *connectable) Unmarshal(unmarshaller rxgo.Unmarshaller, factory func() any, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.Unmarshal(unmarshaller, factory, opts...))
}

func (c *connectable) WindowWithCount(count int, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.WindowWithCount(count, opts...))
}

func (c *connectable) WindowWithTime(timespan rxgo.Duration, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.WindowWithTime(timespan, opts...))
}

func (c *connectable) WindowWithTimeOrCount(timespan rxgo.Duration, count int, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.WindowWithTimeOrCount(timespan, count, opts...))
}

func (c *connectable) ZipFromIterable(iterable rxgo.Iterable, zipper rxgo.Func2, opts ...rxgo.Option) rxgo.Observable {
	return c.with(c.Observable.ZipFromIterable(iterable, zipper, opts...))
}
