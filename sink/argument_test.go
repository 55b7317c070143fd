package sink_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// An argument that cannot work panics at once, with the names of the sink and the
// argument.
func TestSinksRefuseArgumentsThatCannotWork(t *testing.T) {
	ctx := t.Context()
	src, events := just(1), just(event("1"))
	var noInts rxsse.Observable[int]
	var noEvents rxsse.Observable[codec.Event]
	work := func([]codec.Event) error { return nil }
	store := func([]codec.Event, []byte) error { return nil }
	position := func(codec.Event) string { return "" }
	saved, state := &recorder{}, &delivered{}
	one := func(context.Context, rxsse.Observable[int]) error { return nil }
	f, err := sink.OpenNDJSON[int](filepath.Join(t.TempDir(), "x.ndjson"))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	for want, call := range map[string]func(){
		"ForEach: src is nil":                                func() { _ = sink.ForEach(ctx, noInts, func(int) error { return nil }) },
		"ForEach: f is nil":                                  func() { _ = sink.ForEach(ctx, src, nil) },
		"ForEachBatch: src is nil":                           func() { _ = sink.ForEachBatch(ctx, noInts, func([]int) error { return nil }) },
		"ForEachBatch: f is nil":                             func() { _ = sink.ForEachBatch(ctx, src, nil) },
		"First: src is nil":                                  func() { _, _ = sink.First(ctx, noInts) },
		"Last: src is nil":                                   func() { _, _ = sink.Last(ctx, noInts) },
		"Reduce: src is nil":                                 func() { _, _ = sink.Reduce(ctx, noInts, 0, func(a, _ int) (int, error) { return a, nil }) },
		"Reduce: f is nil":                                   func() { _, _ = sink.Reduce[int, int](ctx, src, 0, nil) },
		"Collect: src is nil":                                func() { _, _ = sink.Collect(ctx, noInts) },
		"CollectN: src is nil":                               func() { _, _ = sink.CollectN(ctx, noInts, 1) },
		"CollectN: n must not be negative, got -1":           func() { _, _ = sink.CollectN(ctx, src, -1) },
		"Channel: src is nil":                                func() { _ = sink.Channel(ctx, noInts, 0, func(<-chan int) error { return nil }) },
		"Channel: read is nil":                               func() { _ = sink.Channel(ctx, src, 0, nil) },
		"Write: src is nil":                                  func() { _ = sink.Write(ctx, noEvents, &bytes.Buffer{}, codec.AppendEvent) },
		"Write: w is nil":                                    func() { _ = sink.Write(ctx, events, nil, codec.AppendEvent) },
		"Write: format is nil":                               func() { _ = sink.Write(ctx, events, &bytes.Buffer{}, nil) },
		"Lines: src is nil":                                  func() { _ = sink.Lines(ctx, noInts, &bytes.Buffer{}) },
		"NDJSON: w is nil":                                   func() { _ = sink.NDJSON(ctx, src, nil) },
		"Commit: src is nil":                                 func() { _ = sink.Commit(ctx, noEvents, work, saved) },
		"Commit: work is nil":                                func() { _ = sink.Commit(ctx, events, nil, saved) },
		"Commit: checkpoint is nil":                          func() { _ = sink.Commit(ctx, events, work, nil) },
		"CommitFunc: work is nil":                            func() { _ = sink.CommitFunc(ctx, events, nil, saved, position) },
		"CommitFunc: position is nil":                        func() { _ = sink.CommitFunc(ctx, events, work, saved, nil) },
		"Transact: src is nil":                               func() { _ = sink.Transact(ctx, noEvents, func([]codec.Event, string) error { return nil }) },
		"Transact: work is nil":                              func() { _ = sink.Transact(ctx, events, nil) },
		"TransactState: src is nil":                          func() { _ = sink.TransactState(ctx, noEvents, state, 0, store) },
		"TransactState: state is nil":                        func() { _ = sink.TransactState(ctx, events, nil, 0, store) },
		"TransactState: work is nil":                         func() { _ = sink.TransactState(ctx, events, state, 0, nil) },
		"TransactState: every must not be negative, got -1s": func() { _ = sink.TransactState(ctx, events, state, -time.Second, store) },
		"Tee: src is nil":                                    func() { _ = sink.Tee(ctx, noInts, one) },
		"Tee: sinks[1] is nil":                               func() { _ = sink.Tee(ctx, src, one, nil) },
		"Isolated: s is nil":                                 func() { sink.Isolated[int](nil, func(error) {}) },
		"Isolated: handle is nil":                            func() { sink.Isolated(one, nil) },
		"File.Consume: src is nil":                           func() { _ = f.Consume(ctx, nil) },
		"Broadcaster.Publish: src is nil":                    func() { _ = sink.NewBroadcaster().Publish(ctx, nil) },
		"WithClient: client is nil":                          func() { sink.WithClient(nil) },
		"WithReplay: replay is nil":                          func() { sink.WithReplay(nil) },
		"ServeErrorEvent: f is nil":                          func() { sink.ServeErrorEvent(nil) },
		"Serve: src is nil": func() {
			_ = sink.Serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), nil)
		},
	} {
		assert.PanicsWithValue(t, "sink: "+want, call)
	}
	none, err := sink.CollectN(ctx, just[int](), 0)
	require.NoError(t, err)
	assert.Empty(t, none, "0 is a number of items")
}
