package operators

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/rxssetest"
)

type quote struct {
	N int `json:"n"`
}

func message(id, data string) codec.Event {
	return codec.Event{Type: codec.DefaultType, ID: id, Data: data}
}

func TestDecodeJSON(t *testing.T) {
	events := from(message("1", `{"n":1}`), codec.Event{Comment: " heartbeat"}, codec.Event{Retry: 5}, message("2", `{"n":2}`))
	assert.Equal(t, []quote{{1}, {2}}, collect(t, DecodeJSON[quote](events)))
}

// The types "" and "message" are the same. A program that makes events may leave the type
// out.
func TestEventsWithoutATypeAreMessages(t *testing.T) {
	events := from(codec.Event{ID: "1", Data: `{"n":1}`}, codec.Event{ID: "2"}, codec.Event{Type: "price", Data: `{"n":3}`})
	assert.Equal(t, []quote{{1}, {3}}, collect(t, DecodeJSON[quote](events)))
	for _, types := range [][]string{{"message"}, {"news", "message"}} {
		messages := collect(t, EventType(events, types...))
		assert.Equal(t, []codec.Event{{ID: "1", Data: `{"n":1}`}}, messages, "%q", types)
	}
}

func TestDecodeJSONEndsWithTheFirstInvalidEvent(t *testing.T) {
	events := from(message("1", `{"n":1}`), message("2", `{"n":"secret"}`), message("3", `{"n":3}`))
	var got []quote
	var failure error
	for q, err := range DecodeJSON[quote](events)(t.Context()) {
		if err != nil {
			failure = err
			continue
		}
		got = append(got, q)
	}
	assert.Equal(t, []quote{{1}}, got, "what came before, and nothing after")
	var invalid *codec.PayloadError
	require.ErrorAs(t, failure, &invalid)
	assert.Equal(t, "2", invalid.ID)
	assert.Equal(t, "/n", invalid.Pointer)
	assert.ErrorContains(t, failure, "2")
	assert.NotContains(t, failure.Error(), "secret", "the payload stays out of errors")
}

func TestSkipInvalid(t *testing.T) {
	events := from(message("1", `{"n":1}`), message("2", `oops`), message("3", `{"n":3}`))
	var skipped []string
	got := collect(t, DecodeJSON[quote](events, SkipInvalid(func(e codec.Event, err error) {
		var invalid *codec.PayloadError
		require.ErrorAs(t, err, &invalid)
		skipped = append(skipped, e.ID+" "+e.Data)
	})))
	assert.Equal(t, []quote{{1}, {3}}, got)
	assert.Equal(t, []string{"2 oops"}, skipped)

	assert.Equal(t, []quote{{1}, {3}}, collect(t, DecodeJSON[quote](events, SkipInvalid(nil))))
}

func TestDecodeByType(t *testing.T) {
	events := from(codec.Event{Type: "text", Data: "hello"}, codec.Event{Type: "length", Data: "hello"})
	got := collect(t, Decode(events, func(e codec.Event) (any, error) {
		if e.Type == "length" {
			return len(e.Data), nil
		}
		return e.Data, nil
	}))
	assert.Equal(t, []any{"hello", 5}, got)
}

func TestEventType(t *testing.T) {
	events := from(message("1", "a"), codec.Event{Type: "price", Data: "b"}, codec.Event{Type: "news", Data: "c"}, codec.Event{Comment: "x"})
	for _, c := range []struct {
		types []string
		want  string
	}{
		{[]string{"price"}, "b"},
		{[]string{"news", "price"}, "bc"},
		{[]string{"message"}, "a"},
		{[]string{"other"}, ""},
		{nil, ""},
	} {
		got := collect(t, Reduce(EventType(events, c.types...), "", func(all string, e codec.Event) string { return all + e.Data }))
		assert.Equal(t, []string{c.want}, got, "%q", c.types)
	}
	untyped := []codec.Event{{Comment: "x"}, {Retry: 1}}
	assert.Equal(t, untyped, collect(t, EventType(from(append(untyped, codec.Event{Type: "news", Data: "a"})...), "price", "")), "comments have no type")
}

func TestEventTypeDoesNotAliasItsArguments(t *testing.T) {
	types := []string{"price", "news"}
	prices := EventType(from(codec.Event{Type: "price"}), types...)
	types[0] = "other"
	assert.Len(t, collect(t, prices), 1)
}

func TestEventContracts(t *testing.T) {
	type (
		events = rxsse.Observable[codec.Event]
		quotes = rxsse.Observable[quote]
	)
	items := []codec.Event{message("1", `{"n":1}`), message("2", `{"n":2}`), message("3", `oops`), message("4", `{"n":4}`)}
	t.Run("EventType", rxssetest.Operator[codec.Event, codec.Event]{
		Apply: func(src events) events { return EventType(src, "message") },
		Items: items,
	}.Check)
	t.Run("DecodeJSON", rxssetest.Operator[codec.Event, quote]{
		Apply: func(src events) quotes { return DecodeJSON[quote](src, SkipInvalid(nil)) },
		Panicking: func(src events, v any) quotes {
			return DecodeJSON[quote](src, SkipInvalid(func(codec.Event, error) { panic(v) }))
		},
		Items: items,
	}.Check)
	t.Run("Decode", rxssetest.Operator[codec.Event, string]{
		Apply: func(src events) rxsse.Observable[string] { return Decode(src, codec.Text) },
		Panicking: func(src events, v any) rxsse.Observable[string] {
			return Decode(src, func(codec.Event) (string, error) { panic(v) })
		},
		Items: items,
	}.Check)
}

func TestDecodeReleasesTheSourceAtTheFirstInvalidEvent(t *testing.T) {
	pulled := 0
	src := Tap(from(message("1", "a"), message("2", "b")), func(codec.Event) { pulled++ })
	for _, err := range Decode(src, func(codec.Event) (int, error) { return 0, errOdd })(t.Context()) {
		require.ErrorIs(t, err, errOdd)
		require.EqualError(t, err, `codec: decode payload of event "message" (id "1"): odd`)
	}
	assert.Equal(t, 1, pulled)
}
