package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// A Change is the part of a recentchange event that this program uses.
//
// https://wikitech.wikimedia.org/wiki/Event_Platform/EventStreams_HTTP_Service
type Change struct {
	Meta struct {
		ID     string    `json:"id"`
		Domain string    `json:"domain"`
		Time   time.Time `json:"dt"`
	} `json:"meta"`
	Type string `json:"type"`
	Wiki string `json:"wiki"`
	Bot  bool   `json:"bot"`
}

func (c Change) id() string      { return c.Meta.ID }
func (c Change) wiki() string    { return c.Wiki }
func (c Change) time() time.Time { return c.Meta.Time }

// A tally holds the counts.
type tally struct {
	events, edits, canaries int
	connections             source.Meter
}

// repeated returns how many changes the server has repeated.
func (t *tally) repeated() int { return t.events - t.edits - t.canaries }

// changes returns the changes as a stream, each once.
//
// The ID of an event is a list of positions as JSON, one for each data centre; the client
// sends it back unchanged. Some positions are times: after a reconnect, which the server
// forces every fifteen minutes, the changes of that millisecond are repeated. The ID in the
// event's data identifies them.
func (t *tally) changes(url string) rxsse.Observable[Change] {
	events := source.SSE(url,
		source.WithHeader("User-Agent", "rxsse-example (https://github.com/rxsse/rxsse)"), // their policy asks for it
		source.WithLogger(slog.Default()),                                                 // shows why there are no changes
		source.WithMeter(&t.connections),
	)
	// Skip payloads that cannot be decoded, such as new kinds.
	all := operators.DecodeJSON[Change](events, operators.SkipInvalid(nil))
	// Canaries are events that only show that the stream is alive.
	changed := operators.Filter(operators.Tap(all, func(c Change) {
		if c.Meta.Domain == "canary" {
			t.canaries++
		}
		t.events++
	}), func(c Change) bool { return c.Meta.Domain != "canary" })
	return operators.Tap(operators.Distinct(changed, 10_000, Change.id), func(Change) { t.edits++ })
}

// count prints, for each second with changes, the wikis with the most edits.
func (t *tally) count(ctx context.Context, stdout io.Writer, url string) error {
	seconds := operators.EventTime[Change]{
		Assigner:   operators.Tumbling(time.Second),
		Timestamp:  Change.time,
		OutOfOrder: time.Second, // the two data centres are not in step
		Idle:       2 * time.Second,
	}
	edits := operators.Filter(t.changes(url), func(c Change) bool { return c.Type == "edit" || c.Type == "new" })
	byWiki := operators.Aggregate(edits, seconds,
		func() map[string]int { return map[string]int{} },
		func(n map[string]int, c Change) map[string]int { n[c.wiki()]++; return n })
	return sink.ForEach(ctx, byWiki, func(second operators.WindowResult[map[string]int]) error {
		_, err := fmt.Fprintf(stdout, "%s  %s\n", second.Start.Format(time.TimeOnly), most(second.Value, 3))
		return err
	})
}

// most names the n wikis with the most edits.
func most(edits map[string]int, n int) (text string) {
	wikis := slices.SortedFunc(maps.Keys(edits), func(a, b string) int {
		if edits[a] != edits[b] {
			return edits[b] - edits[a]
		}
		if a < b {
			return -1
		}
		return 1
	})
	for _, wiki := range wikis[:min(n, len(wikis))] {
		text += fmt.Sprintf("%q %d  ", wiki, edits[wiki])
	}
	return text
}
