package endtoend

import (
	"context"
	stdjson "encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"

	"github.com/rxsse/rxsse/benchmarks/child"
	"github.com/rxsse/rxsse/benchmarks/client"
)

// A job is the work of a child process, a count its result.
type (
	job struct {
		Contender string
		URL       string
	}
	count struct{ Trades, Qty, Bytes int64 }
)

// A contender counts the trades that a server sends.
type contender struct {
	name  string
	about string
	work  func(ctx context.Context, url string) (count, error)
}

// download is the contender that parses nothing; decoding parses no events but decodes
// their JSON.
const (
	download = "ceiling: io.Copy"
	decoding = "ceiling: io.Copy, and the JSON alone"
)

func contenders() []contender {
	all := []contender{{
		name:  "rxsse",
		about: "source.SSE with WithEventTypes → operators.EventType → operators.DecodeJSON → sink.ForEach",
		work: func(ctx context.Context, url string) (count, error) {
			return ours(ctx, url, source.WithEventTypes("trade", "end"))
		},
	}, {
		name:  "rxsse, all types",
		about: "without WithEventTypes, so that the source makes strings of events that EventType drops",
		work:  func(ctx context.Context, url string) (count, error) { return ours(ctx, url) },
	}}
	for _, c := range client.All()[1:] {
		all = append(all, contender{name: c.Name, about: c.About, work: func(ctx context.Context, url string) (count, error) {
			return callback(ctx, c, url, func(data []byte, v any) error { return json.Unmarshal(data, v) })
		}})
		if c.Name == client.GoSSE {
			all = append(all, contender{name: c.Name + ", encoding/json", work: func(ctx context.Context, url string) (count, error) {
				return callback(ctx, c, url, stdjson.Unmarshal)
			}})
		}
	}
	return append(all,
		contender{name: decoding, about: "http.Get and io.Copy to nowhere, and then as many trades decoded from memory", work: decoded},
		contender{name: download, about: "http.Get and io.Copy to nowhere", work: copied})
}

func ours(ctx context.Context, url string, opts ...source.Option) (n count, err error) {
	events := operators.CompleteAt(source.SSE(url, opts...), func(e codec.Event) bool { return e.Type == "end" })
	trades := operators.DecodeJSON[trade](operators.EventType(events, "trade"))
	err = sink.ForEach(ctx, trades, func(t trade) error {
		n.Trades++
		n.Qty += t.Qty
		return nil
	})
	return n, err
}

// callback does the work of the pipeline by hand.
func callback(ctx context.Context, c client.Client, url string, unmarshal func(data []byte, v any) error) (n count, err error) {
	var wrong error
	err = c.Read(ctx, url, func(kind string, data []byte) bool {
		if kind == "trade" {
			var t trade
			if wrong = unmarshal(data, &t); wrong != nil {
				return false
			}
			n.Trades++
			n.Qty += t.Qty
		}
		return kind != "end"
	})
	if wrong != nil {
		err = wrong
	}
	return n, err
}

func copied(ctx context.Context, url string) (n count, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"&download=1", http.NoBody)
	if err != nil {
		return n, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return n, err
	}
	defer resp.Body.Close()
	n.Bytes, err = io.Copy(io.Discard, resp.Body)
	return n, err
}

// decoded does only what every client of these events must do.
func decoded(ctx context.Context, url string) (n count, err error) {
	if n, err = copied(ctx, url); err != nil {
		return n, err
	}
	wire, data, _, err := encoded()
	if err != nil {
		return n, err
	}
	for range n.Bytes / int64(len(wire)) {
		for i, text := range data {
			if i%unwanted == 0 {
				continue
			}
			var t trade
			if err := json.Unmarshal([]byte(text), &t); err != nil {
				return n, err
			}
			n.Trades++
			n.Qty += t.Qty
		}
	}
	return n, nil
}

// Parts returns the parts that child processes run for this section.
func Parts() map[string]child.Part {
	return map[string]child.Part{Name: func(arguments []byte) (any, error) {
		var j job
		if err := json.Unmarshal(arguments, &j); err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		for _, c := range contenders() {
			if c.name == j.Contender {
				return c.work(ctx, j.URL)
			}
		}
		return nil, fmt.Errorf("there is no contender %q", j.Contender)
	}}
}
