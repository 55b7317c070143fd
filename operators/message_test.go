package operators

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/rxssetest"
)

type textMessage = codec.Message[string]

func TestMapValueKeepsTheEvent(t *testing.T) {
	src := from(textMessage{Type: "a", ID: "1", Value: "x"}, textMessage{Type: "b", ID: "2", Value: "yy", Unordered: true})
	assert.Equal(t, []codec.Message[int]{{Type: "a", ID: "1", Value: 1}, {Type: "b", ID: "2", Value: 2, Unordered: true}},
		collect(t, MapValue(src, func(s string) int { return len(s) })))
}

func TestFlatMapValueGivesTheIDToTheLast(t *testing.T) {
	src := from(textMessage{Type: "a", ID: "1", Value: "x y z"}, textMessage{ID: "2"}, textMessage{ID: "3", Value: "w"})
	words := FlatMapValue(src, strings.Fields)
	assert.Equal(t, []textMessage{{Type: "a", Value: "x", More: true}, {Type: "a", Value: "y", More: true}, {Type: "a", ID: "1", Value: "z"}, {ID: "3", Value: "w"}},
		collect(t, words))

	letters := FlatMapValue(words, func(word string) []string { return []string{word, word} })
	var more []bool
	for _, m := range collect(t, MapValue(letters, strings.ToUpper)) {
		more = append(more, m.HasMore())
	}
	assert.Equal(t, []bool{true, true, true, true, true, false, true, false}, more, "of the event")
}

// A cancelled context ends the stream between two values of one message.
func TestFlatMapValueIsCancelledWithinAMessage(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var got []string
	var end error
	for m, err := range FlatMapValue(from(textMessage{ID: "1", Value: "x y z"}), strings.Fields)(ctx) {
		if end = err; err == nil {
			got = append(got, m.Value)
		}
		cancel(assert.AnError)
	}
	assert.Equal(t, []string{"x"}, got)
	assert.Equal(t, assert.AnError, end)
}

func TestEncodeMessagesIsTheInverseOfDecodeJSON(t *testing.T) {
	events := []codec.Event{{Type: "a", ID: "1", Data: `"x"`}, {Type: "message", ID: "2", Data: `"<y>"`}}
	assert.Equal(t, events, collect(t, EncodeMessages(DecodeJSON[textMessage](from(events...)))))
}

func TestEncodeMessagesNamesWhatItCannotEncode(t *testing.T) {
	src := from(codec.Message[func()]{ID: "7", Value: func() {}})
	for _, err := range EncodeMessages(src)(t.Context()) {
		require.ErrorContains(t, err, `operators: EncodeMessages: message with id "7": json: `)
	}
}

func TestContractOfMessageOperators(t *testing.T) {
	items := []textMessage{{ID: "1", Value: "x"}, {ID: "2", Value: "y z"}, {ID: "3", Value: "w"}}
	type op = rxssetest.Operator[textMessage, textMessage]
	for name, check := range map[string]func(*testing.T){
		"MapValue": op{
			Apply: func(src rxsse.Observable[textMessage]) rxsse.Observable[textMessage] {
				return MapValue(src, strings.ToUpper)
			},
			Panicking: func(src rxsse.Observable[textMessage], v any) rxsse.Observable[textMessage] {
				return MapValue(src, func(string) string { panic(v) })
			},
			Items: items,
		}.Check,
		"FlatMapValue": op{
			Apply: func(src rxsse.Observable[textMessage]) rxsse.Observable[textMessage] {
				return FlatMapValue(src, strings.Fields)
			},
			Panicking: func(src rxsse.Observable[textMessage], v any) rxsse.Observable[textMessage] {
				return FlatMapValue(src, func(string) []string { panic(v) })
			},
			Items: items,
		}.Check,
		"EncodeMessages": rxssetest.Operator[textMessage, codec.Event]{
			Apply: func(src rxsse.Observable[textMessage]) rxsse.Observable[codec.Event] { return EncodeMessages(src) },
			Items: items,
		}.Check,
	} {
		t.Run(name, check)
	}
}
