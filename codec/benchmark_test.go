package codec_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/rxsse/rxsse/codec"
)

// corpora are streams of about 1 MiB as services send them.
var corpora = []struct {
	name  string
	event func(i int) codec.Event
}{
	{"small", func(i int) codec.Event {
		return codec.Event{Type: "trade", ID: fmt.Sprint(1_000_000 + i), Data: fmt.Sprintf("%-40s", fmt.Sprintf(`{"s":"BTCUSD","p":%d.25,"q":3}`, 60_000+i%1000))}
	}},
	{"medium", func(i int) codec.Event {
		return codec.Event{Type: "update", ID: fmt.Sprint(1_000_000 + i), Data: jsonOf(i, 300)}
	}},
	{"llm", func(i int) codec.Event { return codec.Event{Data: jsonOf(i, 200)} }},
	{"large", func(i int) codec.Event { return codec.Event{Data: jsonOf(i, 60_000)} }},
	{"multiline", func(i int) codec.Event {
		return codec.Event{Data: strings.TrimSuffix(strings.Repeat(jsonOf(i, 60)+"\n", 10), "\n")}
	}},
}

// jsonOf returns a JSON object of size bytes.
func jsonOf(i, size int) string {
	head := fmt.Sprintf(`{"id":%d,"text":"`, i)
	return head + strings.Repeat("lorem ipsum dolor ", size/18+1)[:size-len(head)-2] + `"}`
}

// corpusOf returns about 1 MiB of events, and their number.
func corpusOf(event func(i int) codec.Event, lineEnd string) (stream []byte, events int) {
	for ; len(stream) < 1<<20; events++ {
		stream, _ = codec.AppendEvent(stream, event(events))
	}
	return bytes.ReplaceAll(stream, []byte("\n"), []byte(lineEnd)), events
}

// eachCorpus runs a benchmark for each corpus and line end; pass reads the stream once and
// returns the number of events.
func eachCorpus(b *testing.B, pass func(r io.Reader) int) {
	b.Helper()
	for _, corpus := range corpora {
		for _, end := range []struct{ name, bytes string }{{"LF", "\n"}, {"CRLF", "\r\n"}, {"CR", "\r"}} {
			b.Run(corpus.name+"/"+end.name, func(b *testing.B) {
				stream, events := corpusOf(corpus.event, end.bytes)
				r := bytes.NewReader(nil)
				b.SetBytes(int64(len(stream)))
				b.ReportAllocs()
				for b.Loop() {
					r.Reset(stream)
					if got := pass(r); got != events {
						b.Fatalf("got %d events, want %d", got, events)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*events), "ns/event")
			})
		}
	}
}

func BenchmarkScan(b *testing.B) {
	eachCorpus(b, func(r io.Reader) int {
		events, size := 0, 0
		for d := codec.NewDecoder(r); d.Scan(); events++ {
			size += len(d.View().Data)
		}
		return events
	})
}

func BenchmarkNext(b *testing.B) {
	eachCorpus(b, func(r io.Reader) int {
		events, size := 0, 0
		for d := codec.NewDecoder(r); ; events++ {
			e, err := d.Next()
			if err != nil {
				return events
			}
			size += len(e.Data)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	for _, corpus := range corpora {
		b.Run(corpus.name, func(b *testing.B) {
			event := corpus.event(1)
			wire, _ := codec.AppendEvent(nil, event)
			enc := codec.NewEncoder(io.Discard)
			b.SetBytes(int64(len(wire)))
			b.ReportAllocs()
			for b.Loop() {
				if err := enc.Encode(event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
