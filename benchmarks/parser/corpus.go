package parser

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rxsse/rxsse/codec"
)

// A corpus is the input of one pass.
type corpus struct {
	name    string
	streams [][]byte // each from its own connection
	files   []string // the names of recorded streams
}

func (c corpus) size() (bytes int) {
	for _, s := range c.streams {
		bytes += len(s)
	}
	return bytes
}

// made returns generated corpora, each one stream of about 1 MiB as services send them.
func made() []corpus {
	multiline := func(i int) codec.Event {
		return codec.Event{Data: strings.TrimSuffix(strings.Repeat(object(i, 60)+"\n", 10), "\n")}
	}
	return []corpus{
		{name: "small", streams: stream(func(i int) codec.Event {
			data := fmt.Sprintf(`{"s":"BTCUSD","p":%d.25,"q":3}`, 60_000+i%1000)
			return codec.Event{Type: "trade", ID: fmt.Sprint(1_000_000 + i), Data: fmt.Sprintf("%-40s", data)}
		})},
		{name: "medium", streams: stream(func(i int) codec.Event {
			return codec.Event{Type: "update", ID: fmt.Sprint(1_000_000 + i), Data: object(i, 300)}
		})},
		{name: "llm", streams: stream(func(i int) codec.Event { return codec.Event{Data: object(i, 200)} })},
		{name: "large", streams: stream(func(i int) codec.Event { return codec.Event{Data: object(i, 60_000)} })},
		{name: "multiline", streams: stream(multiline)},
		{name: "multiline CRLF", streams: [][]byte{bytes.ReplaceAll(stream(multiline)[0], []byte("\n"), []byte("\r\n"))}},
	}
}

// stream returns about 1 MiB of events in the wire format.
func stream(event func(i int) codec.Event) [][]byte {
	var wire []byte
	for i := 0; len(wire) < 1<<20; i++ {
		var err error
		if wire, err = codec.AppendEvent(wire, event(i)); err != nil {
			panic(err) // the events are written above
		}
	}
	return [][]byte{wire}
}

// object returns a JSON object of size bytes.
func object(i, size int) string {
	head := fmt.Sprintf(`{"id":%d,"text":"`, i)
	return head + strings.Repeat("lorem ipsum dolor ", size/18+1)[:size-len(head)-2] + `"}`
}

// recorded returns streams of real services, from the subfolder recorded of RXSSE_CORPUS, or
// none if that is unset.
func recorded() ([]corpus, error) {
	folder := os.Getenv("RXSSE_CORPUS")
	if folder == "" {
		return nil, nil
	}
	files, err := filepath.Glob(filepath.Join(folder, "recorded", "*.sse"))
	if err != nil || len(files) == 0 {
		return nil, err
	}
	all := corpus{name: fmt.Sprintf("recorded (%d streams)", len(files))}
	for _, file := range files {
		wire, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		all.streams = append(all.streams, wire)
		all.files = append(all.files, filepath.Base(file))
	}
	return []corpus{all}, nil
}
