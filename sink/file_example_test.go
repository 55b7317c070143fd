package sink_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A recording of a stream, to replay in a test.
func ExampleOpenEvents() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "prices.sse")

	file, err := sink.OpenEvents(path, sink.WithSyncInterval(time.Second)) // a loss of power can lose the last second
	if err != nil {
		fmt.Println(err)
		return
	}
	live := source.Just(codec.Event{Type: "price", Data: "81450", ID: "7"}, codec.Event{Type: "price", Data: "81460", ID: "8"})
	fmt.Println(file.Consume(context.Background(), live))
	fmt.Println(file.Close())

	recording, err := os.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = recording.Close() }()
	for e, err := range codec.NewDecoder(recording).Events() {
		fmt.Println(e.ID, e.Data, err)
	}
	// Output:
	// <nil>
	// <nil>
	// 7 81450 <nil>
	// 8 81460 <nil>
}

// Files of at most 100 MB, with values in a stable format.
func ExampleWithRotateSize() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "counts.ndjson")

	file, err := sink.OpenNDJSON[map[string]int](path, sink.WithRotateSize(100e6), sink.WithJSON(json.Deterministic(true)))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(file.AppendOne(map[string]int{"buy": 2, "ask": 1}), file.Close())
	lines, err := os.ReadFile(path)
	fmt.Print(string(lines), err)
	// Output:
	// <nil> <nil>
	// {"ask":1,"buy":2}
	// <nil>
}

// Items that do not carry the position of their event: a function returns it.
//
// With WithSyncInterval the file is synced once for many items. Commit syncs it before each
// position that it saves, so the position is never ahead of the file.
func ExampleCommitFunc() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file, err := sink.OpenNDJSON[row](filepath.Join(folder, "rows.ndjson"), sink.WithSyncInterval(time.Second))
	if err != nil {
		fmt.Println(err)
		return
	}

	events := source.Just(codec.Event{ID: "41", Data: "a"}, codec.Event{ID: "42", Data: "b"})
	rows := operators.Map(events, func(e codec.Event) row { return row{Event: e.ID, Text: e.Data} })
	checkpoint := &source.MemoryCheckpoint{} // source.NewFileCheckpoint("position") survives the program
	err = sink.CommitFunc(context.Background(), rows, file.Append,
		checkpoint, func(r row) string { return r.Event })
	position, _ := checkpoint.Load(context.Background())
	fmt.Println(position, err, file.Close())
	// Output: 42 <nil> <nil>
}

type row struct{ Event, Text string }
