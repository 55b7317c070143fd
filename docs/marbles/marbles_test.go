// Package marbles draws what operators do. Each diagram is made from a real run in
// virtual time, so that it cannot show anything else; the test fails when a file is
// not what the run gives.
//
//	go test ./docs/marbles -update
package marbles

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/time/rate"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	op "github.com/rxsse/rxsse/operators"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write the diagrams")

type (
	stream = rxsse.Observable[string]
	// A drawing is a diagram to be made: what goes in, and what is done with it.
	drawing struct {
		inputs []string
		code   string
		run    func(in ...stream) stream
	}
)

const frame = marble.Frame

// one makes a run of an operator on one stream.
func one(f func(stream) stream) func(...stream) stream {
	return func(in ...stream) stream { return f(in[0]) }
}

// two makes a run of an operator on two streams.
func two(f func(a, b stream) stream) func(...stream) stream {
	return func(in ...stream) stream { return f(in[0], in[1]) }
}

func upper(s string) string          { return strings.ToUpper(s) }
func join(a, b string) string        { return a + b }
func nothing() string                { return "" }
func not(s string) func(string) bool { return func(v string) bool { return v != s } }
func is(s string) func(string) bool  { return func(v string) bool { return v == s } }

// windows shows a window as its items.
func windows[W op.WindowSpec[string]](spec W, opts ...op.WindowOption) func(stream) stream {
	return func(s stream) stream {
		return op.Map(op.Window(s, spec, opts...), func(w op.WindowOf[string]) string { return strings.Join(w.Items, "") })
	}
}

// weight is 1 for "a", 2 for "b" and so on.
func weight(v string) int { return int(v[0]-'a') + 1 }

// twice is the inner stream of a letter.
func twice(v string) stream { return marble.Cold(v + "--" + v + "|") }

var drawings = map[string]drawing{
	"Audit":                {[]string{"-a-b---c-d-e------|"}, "Audit(src, 4ms)", one(func(s stream) stream { return op.Audit(s, 4*frame) })},
	"AggregateBy":          {[]string{"-a-b-a---b-a--|"}, "AggregateBy(src, letter, Tumbling(5ms), count)", one(countByLetter)},
	"Aggregate":            {[]string{"-a-b--c----d--|"}, "Aggregate(src, Tumbling(5ms), join)", one(joined)},
	"Buffer":               {[]string{"-abcdef------|"}, "Map(Buffer(src, 2, OverflowDropOldest), take 3.5ms)", one(slowBuffer)},
	"Catch":                {[]string{"-a-b-#", "-x-y|"}, "Catch(src, func(error) { return other })", two(func(a, b stream) stream { return op.Catch(a, func(error) stream { return b }) })},
	"CombineLatest":        {[]string{"-a-----b-----|", "---x-----y-|"}, "CombineLatest(a, b, join)", two(func(a, b stream) stream { return op.CombineLatest(a, b, join) })},
	"CompleteAt":           {[]string{"-a-b-E-c-|"}, "CompleteAt(src, E)", one(func(s stream) stream { return op.CompleteAt(s, is("E")) })},
	"CombineLatestAll":     {[]string{"-a-----b----|", "---x-----y-|", "--p---------|"}, "CombineLatestAll(a, b, c), joined", all},
	"Concat":               {[]string{"-a--b|", "-x-y-|"}, "Concat(a, b)", two(func(a, b stream) stream { return op.Concat(a, b) })},
	"ConcatMap":            {[]string{"-a-b------|"}, "ConcatMap(src, twice)", one(func(s stream) stream { return op.ConcatMap(s, twice) })},
	"ByCount":              {[]string{"-a-b-c--d-e-|"}, "Window(src, ByCount(2))", one(windows(op.ByCount(2)))},
	"Within":               {[]string{"-abc----d---------|"}, "Window(src, ByCount(3).Within(5ms))", one(windows(op.ByCount(3).Within(5 * frame)))},
	"BySlidingCount":       {[]string{"-a-b-c--d-e-|"}, "Window(src, BySlidingCount(3, 1))", one(windows(op.BySlidingCount(3, 1)))},
	"ByWeight":             {[]string{"-a-c-b--a-a-|"}, "Window(src, ByWeight(3, a weighs 1, b 2, c 3))", one(windows(op.ByWeight(3, weight)))},
	"ByLast":               {[]string{"-a-b-a--a-b-|"}, "Window(src, ByLast(b))", one(windows(op.ByLast(is("b"))))},
	"Offset":               {[]string{"-a-b----c--|"}, "Window(src, Tumbling(5ms).Offset(2ms))", one(windows(op.Tumbling(5 * frame).Offset(2 * frame)))},
	"WithEarlyAfter":       {[]string{"-a-b-c-d-e-|"}, "Window(src, ByCount(5), WithEarlyAfter(2))", one(windows(op.ByCount(5), op.WithEarlyAfter(2)))},
	"WithEarlyEvery":       {[]string{"-a---b--------|"}, "Window(src, Tumbling(10ms), WithEarlyEvery(2ms))", one(windows(op.Tumbling(10*frame), op.WithEarlyEvery(2*frame)))},
	"Debounce":             {[]string{"-a-b-c-----d---e|"}, "Debounce(src, 3ms)", one(func(s stream) stream { return op.Debounce(s, 3*frame) })},
	"DebounceMax":          {[]string{"-abcdefg----h--|"}, "DebounceMax(src, 3ms, 5ms)", one(func(s stream) stream { return op.DebounceMax(s, 3*frame, 5*frame) })},
	"DefaultIfEmpty":       {[]string{"------|"}, `DefaultIfEmpty(src, "z")`, one(func(s stream) stream { return op.DefaultIfEmpty(s, "z") })},
	"Delay":                {[]string{"-a-b----c|"}, "Delay(src, 3ms)", one(func(s stream) stream { return op.Delay(s, 3*frame) })},
	"Distinct":             {[]string{"-a-b-a-c-b-|"}, "Distinct(src, 100, itself)", one(func(s stream) stream { return op.Distinct(s, 100, func(v string) string { return v }) })},
	"DistinctWithin":       {[]string{"-a-b-a---a-a-b-|"}, "DistinctWithin(src, 6ms, 100, itself)", one(func(s stream) stream { return op.DistinctWithin(s, 6*frame, 100, func(v string) string { return v }) })},
	"DistinctUntilChanged": {[]string{"-a-a-b-b-a-|"}, "DistinctUntilChanged(src)", one(op.DistinctUntilChanged[string])},
	"ElementAt":            {[]string{"-a-b-c-d-|"}, "ElementAt(src, 2)", one(func(s stream) stream { return op.ElementAt(s, 2) })},
	"ExhaustMap":           {[]string{"-a-b----c---|"}, "ExhaustMap(src, twice)", one(func(s stream) stream { return op.ExhaustMap(s, twice) })},
	"Filter":               {[]string{"-a-b-a-c-|"}, "Filter(src, not a)", one(func(s stream) stream { return op.Filter(s, not("a")) })},
	"First":                {[]string{"---a-b-c-|"}, "First(src)", one(op.First[string])},
	"Last":                 {[]string{"-a-b-c---|"}, "Last(src)", one(op.Last[string])},
	"Map":                  {[]string{"-a-b---c-|"}, "Map(src, upper)", one(func(s stream) stream { return op.Map(s, upper) })},
	"Merge":                {[]string{"-a-----b---|", "---x-y----z-|"}, "Merge(a, b)", two(func(a, b stream) stream { return op.Merge(a, b) })},
	"MergeDelayError":      {[]string{"-a--#", "---x-y--|"}, "MergeDelayError(a, b)", two(func(a, b stream) stream { return op.MergeDelayError(a, b) })},
	"MergeMap":             {[]string{"-a-b------|"}, "MergeMap(src, 2, twice)", one(func(s stream) stream { return op.MergeMap(s, 2, twice) })},
	"OnErrorReturn":        {[]string{"-a-b--#"}, `OnErrorReturn(src, func(error) { return "z" })`, one(func(s stream) stream { return op.OnErrorReturn(s, func(error) string { return "z" }) })},
	"Pairwise":             {[]string{"-a-b--c--d-|"}, "Pairwise(src)", one(func(s stream) stream { return op.Map(op.Pairwise(s), func(p [2]string) string { return p[0] + p[1] }) })},
	"Parallel":             {[]string{"-a-b-c------|"}, "Parallel(src, 3, a slow, b fast)", one(func(s stream) stream { return op.Parallel(s, 3, work) })},
	"ParallelUnordered":    {[]string{"-a-b-c------|"}, "ParallelUnordered(src, 3, a slow, b fast)", one(func(s stream) stream { return op.ParallelUnordered(s, 3, work) })},
	"Race":                 {[]string{"----a-b-|", "--x--y--z|"}, "Race(a, b)", two(func(a, b stream) stream { return op.Race(a, b) })},
	"RateLimit":            {[]string{"-abcd---------e-|"}, "RateLimit(src, every 3ms, a burst of 2)", one(limited)},
	"Reduce":               {[]string{"-a-b--c--|"}, "Reduce(src, join)", one(func(s stream) stream { return op.Reduce(s, "", join) })},
	"Replay":               {[]string{"-a-b-c-d-e|"}, "Replay(src, 2, …), subscribed to once more after 6ms", one(late(func(s stream) stream { return op.Replay(s, 2, 16, op.OverflowBlock) }))},
	"Retry":                {[]string{"-a-b-#", "-c-d-|"}, "Retry(src, after 2ms), first and second subscription", two(retried)},
	"Sample":               {[]string{"-a-b------c-de-|"}, "Sample(src, 4ms)", one(func(s stream) stream { return op.Sample(s, 4*frame) })},
	"Scan":                 {[]string{"-a-b--c--|"}, "Scan(src, join)", one(func(s stream) stream { return op.Scan(s, "", join) })},
	"BySession":            {[]string{"-a-b-c------d-e---|"}, "Window(src, BySession(4ms))", one(windows(op.BySession(4 * frame)))},
	"Share":                {[]string{"-a-b-c-d-e|"}, "Share(src, …), subscribed to once more after 6ms", one(late(func(s stream) stream { return op.Share(s, 16, op.OverflowBlock) }))},
	"MinSubscribers":       {[]string{"-a-b-c|"}, "Share(src, …, MinSubscribers(2)), subscribed to once more after 6ms", one(late(func(s stream) stream { return op.Share(s, 16, op.OverflowBlock, op.MinSubscribers(2)) }))},
	"GracePeriod":          {[]string{"-a-b-c-d-e|"}, "Share(src, …, GracePeriod(6ms)), left after a, subscribed to again after 6ms", one(again(func(s stream) stream { return op.Share(s, 16, op.OverflowBlock, op.GracePeriod(6*frame)) }))},
	"Skip":                 {[]string{"-a-b-c-d-|"}, "Skip(src, 2)", one(func(s stream) stream { return op.Skip(s, 2) })},
	"SkipUntil":            {[]string{"-a-b--c-d-|", "----x"}, "SkipUntil(src, notifier)", two(op.SkipUntil[string, string])},
	"SkipWhile":            {[]string{"-a-a-b-a-|"}, "SkipWhile(src, a)", one(func(s stream) stream { return op.SkipWhile(s, is("a")) })},
	"Sliding":              {[]string{"-a-b-----c---d--|"}, "Window(src, Sliding(8ms, 4ms))", one(windows(op.Sliding(8*frame, 4*frame)))},
	"StartWith":            {[]string{"---a--b-|"}, `StartWith(src, "z")`, one(func(s stream) stream { return op.StartWith(s, "z") })},
	"SwitchMap":            {[]string{"-a----b-c------|"}, "SwitchMap(src, twice)", one(func(s stream) stream { return op.SwitchMap(s, twice) })},
	"Take":                 {[]string{"-a-b-c-d-|"}, "Take(src, 2)", one(func(s stream) stream { return op.Take(s, 2) })},
	"TakeLast":             {[]string{"-a-b-c-d-|"}, "TakeLast(src, 2)", one(func(s stream) stream { return op.TakeLast(s, 2) })},
	"TakeUntil":            {[]string{"-a-b--c-d-|", "----x"}, "TakeUntil(src, notifier)", two(op.TakeUntil[string, string])},
	"TakeWhile":            {[]string{"-a-a-b-a-|"}, "TakeWhile(src, a)", one(func(s stream) stream { return op.TakeWhile(s, is("a")) })},
	"Throttle":             {[]string{"-a-b-c---d-e---f-|"}, "Throttle(src, 4ms)", one(func(s stream) stream { return op.Throttle(s, 4*frame) })},
	"ThrottleLatest":       {[]string{"-abc--------de-----|"}, "ThrottleLatest(src, 4ms)", one(func(s stream) stream { return op.ThrottleLatest(s, 4*frame) })},
	"Timeout":              {[]string{"-a--b-------c-|"}, "Timeout(src, 5ms)", one(func(s stream) stream { return op.Timeout(s, 5*frame) })},
	"TimeoutFirst":         {[]string{"------a-b-|"}, "TimeoutFirst(src, 4ms)", one(func(s stream) stream { return op.TimeoutFirst(s, 4*frame) })},
	"Tumbling":             {[]string{"-a-b--c--------d-|"}, "Window(src, Tumbling(5ms))", one(windows(op.Tumbling(5 * frame)))},
	"WithLatestFrom":       {[]string{"--a--b---c--|", "---x---y----"}, "WithLatestFrom(src, other, join)", two(func(a, b stream) stream { return op.WithLatestFrom(a, b, join) })},
	"Zip":                  {[]string{"-a-b-----c-|", "---x--y-----z-|"}, "Zip(a, b, join)", two(func(a, b stream) stream { return op.Zip(a, b, join) })},
	"ZipAll":               {[]string{"-a-b---c-|", "---x--y------z|", "--p-q-r|"}, "ZipAll(a, b, c), joined", zipAll},
}

// retried is first one stream and then another.
func retried(first, second stream) stream {
	subscribed := false
	return op.Retry(func(ctx context.Context) iter.Seq2[string, error] {
		if subscribed {
			return second(ctx)
		}
		subscribed = true
		return first(ctx)
	}, func(s op.RetryState) (time.Duration, bool) { return 2 * frame, s.Total < 2 })
}

func limited(s stream) stream {
	return op.RateLimit(s, rate.NewLimiter(rate.Every(3*frame), 2))
}

func all(in ...stream) stream {
	return op.Map(op.CombineLatestAll(in...), func(items []string) string { return strings.Join(items, "") })
}

func zipAll(in ...stream) stream {
	return op.Map(op.ZipAll(in...), func(items []string) string { return strings.Join(items, "") })
}

func joined(s stream) stream {
	windows := op.Aggregate(s, op.Tumbling(5*frame), nothing, join)
	return op.Map(windows, func(w op.WindowResult[string]) string { return w.Value })
}

func countByLetter(s stream) stream {
	count := func(n int, _ string) int { return n + 1 }
	counts := op.AggregateBy(s, func(v string) string { return v }, op.Tumbling(5*frame), func() int { return 0 }, count)
	return op.Map(counts, func(k op.Keyed[string, op.WindowResult[int]]) string { return fmt.Sprint(k.Key, k.Value.Value) })
}

// slowBuffer has a consumer that takes 3.5 frames for an item.
func slowBuffer(s stream) stream {
	return op.Map(op.Buffer(s, 2, op.OverflowDropOldest), func(v string) string { time.Sleep(7 * frame / 2); return v })
}

// work takes 6 frames for a and 1 for others.
func work(_ context.Context, v string) (string, error) {
	if v == "a" {
		time.Sleep(6 * frame)
	} else {
		time.Sleep(frame)
	}
	return upper(v), nil
}

// late shows what a second subscriber gets that comes after 6 frames.
func late(share func(stream) stream) func(stream) stream {
	return func(s stream) stream {
		shared := share(s)
		// The first subscriber's items are dropped; it ends with the stream.
		first := op.Filter(shared, func(string) bool { return false })
		second := op.ConcatMap(marble.Cold("------s|"), func(string) stream { return shared })
		return op.Merge(first, second)
	}
}

// again shows what a subscriber gets after 6 frames when the first one has left after an
// item.
func again(share func(stream) stream) func(stream) stream {
	return func(s stream) stream {
		shared := share(s)
		first := op.Filter(op.Take(shared, 1), func(string) bool { return false })
		second := op.ConcatMap(marble.Cold("------s|"), func(string) stream { return shared })
		return op.Merge(first, second)
	}
}

func TestDrawings(t *testing.T) {
	for name, d := range drawings {
		t.Run(name, func(t *testing.T) {
			var out string
			synctest.Test(t, func(t *testing.T) {
				in := make([]stream, len(d.inputs))
				for i, diagram := range d.inputs {
					in[i] = marble.Cold(diagram)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 60*frame)
				defer cancel()
				out = marble.Record(ctx, d.run(in...))
			})
			require.NotContains(t, out, "!", "it must end by itself: %s", out)
			got := draw(d.inputs, d.code, out)
			path := strings.ToLower(name) + ".svg"
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
				return
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "go test ./docs/marbles -update")
			assert.True(t, string(want) == got, "%s is not what the run gives, %s: go test ./docs/marbles -update", path, out) //nolint:testifylint // no need to see both files
		})
	}
}
