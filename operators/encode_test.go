package operators

import (
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/rxssetest"
)

func TestEncodeJSON(t *testing.T) {
	type point struct {
		X int `json:"x"`
	}
	points := []point{{1}, {2}}
	events := collect(t, EncodeJSON(from(points...), "point"))
	assert.Equal(t, []codec.Event{{Type: "point", Data: `{"x":1}`}, {Type: "point", Data: `{"x":2}`}}, events)
	assert.Equal(t, points, collect(t, DecodeJSON[point](from(events...))), "there and back")
}

func TestEncodeJSONOfWhatCannotBe(t *testing.T) {
	for _, err := range EncodeJSON(from(func() {}), "")(t.Context()) {
		require.ErrorContains(t, err, "operators: EncodeJSON: json: ")
	}
}

func TestContractOfEncodeJSON(t *testing.T) {
	t.Run("EncodeJSON", rxssetest.Operator[int, codec.Event]{
		Apply: func(src rxsse.Observable[int]) rxsse.Observable[codec.Event] { return EncodeJSON(src, "n") },
		Items: []int{1, 2, 3},
	}.Check)
}

func TestEncodeJSONWithOptions(t *testing.T) {
	events := collect(t, EncodeJSON(from(1), "", json.StringifyNumbers(true)))
	assert.Equal(t, `"1"`, events[0].Data)
	events = collect(t, EncodeMessages(from(codec.Message[int]{ID: "7", Value: 1}), json.StringifyNumbers(true)))
	assert.Equal(t, `"1"`, events[0].Data)
}
