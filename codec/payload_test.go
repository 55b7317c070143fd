package codec_test

import (
	"encoding/hex"
	stdjson "encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

type order struct {
	Symbol string  `json:"symbol"`
	Levels []level `json:"levels"`
}

type level struct {
	Price float64 `json:"price"`
}

func TestJSON(t *testing.T) {
	decode := codec.JSON[order]()
	got, err := decode(codec.Event{Data: `{"symbol":"A","levels":[{"price":1.5},{"price":2}]}`})
	require.NoError(t, err)
	assert.Equal(t, order{"A", []level{{1.5}, {2}}}, got)
}

func TestJSONErrors(t *testing.T) {
	const secret = "hunter2"
	tests := []struct {
		name    string
		data    string
		opts    []json.Options
		offset  int64
		pointer string
		message string
	}{
		{
			"value of another type", `{"symbol":"A","levels":[{"price":1},{"price":"hunter2"}]}`, nil, 45, "/levels/1/price",
			`codec: decode payload of event "order" (id "7") at "/levels/1/price" after byte 45: JSON string does not fit Go float64`,
		},
		{
			"number out of range", `{"levels":[{"price":1e999}]}`, nil, 20, "/levels/0/price",
			`codec: decode payload of event "order" (id "7") at "/levels/0/price" after byte 20: JSON number does not fit Go float64`,
		},
		{
			"not JSON", `hunter2`, nil, 0, "",
			`codec: decode payload of event "order" (id "7") after byte 0: invalid JSON`,
		},
		{
			"empty", ``, nil, 0, "",
			`codec: decode payload of event "order" (id "7") after byte 0: invalid JSON`,
		},
		{
			"cut off", `{"symbol":"hunter2`, nil, 18, "/symbol",
			`codec: decode payload of event "order" (id "7") at "/symbol" after byte 18: invalid JSON`,
		},
		{
			"two values", `{} hunter2`, nil, 3, "",
			`codec: decode payload of event "order" (id "7") after byte 3: invalid JSON`,
		},
		{
			"name twice", `{"symbol":"hunter2","symbol":"B"}`, nil, 20, "/symbol",
			`codec: decode payload of event "order" (id "7") at "/symbol" after byte 20: invalid JSON`,
		},
		{
			"unknown name, if refused", `{"symbol":"hunter2","x":1}`,
			[]json.Options{json.RejectUnknownMembers(true)},
			20, "/x",
			`codec: decode payload of event "order" (id "7") at "/x" after byte 20: unknown JSON member name`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			event := codec.Event{Type: "order", ID: "7", Data: test.data}
			got, err := codec.JSON[order](test.opts...)(event)
			assert.Zero(t, got)
			var failure *codec.PayloadError
			require.ErrorAs(t, err, &failure)
			assert.Equal(t, "order", failure.Type)
			assert.Equal(t, "7", failure.ID)
			assert.Equal(t, test.offset, failure.Offset)
			assert.Equal(t, test.pointer, failure.Pointer)
			assert.EqualError(t, err, test.message)
			assert.NotContains(t, err.Error(), secret)
			var semantic *json.SemanticError
			var syntactic *jsontext.SyntacticError
			assert.True(t, errors.As(err, &semantic) || errors.As(err, &syntactic), "%v", failure.Err)
		})
	}
}

func TestJSONErrorIsBounded(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	event := codec.Event{Type: long, ID: long, Data: `{"` + long + `":{"` + long + `":"` + long}
	_, err := codec.JSON[map[string]map[string]int]()(event)
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 500)
}

// TestJSONErrorOfUserCode has a type whose method repeats the payload in its error.
func TestJSONErrorOfUserCode(t *testing.T) {
	_, err := codec.JSON[indiscreet]()(codec.Event{Type: "login", Data: `"hunter2"`})
	require.ErrorIs(t, err, errIndiscreet)
	assert.NotContains(t, err.Error(), "hunter2")
}

var errIndiscreet = errors.New(`cannot read "hunter2"`)

type indiscreet struct{}

func (*indiscreet) UnmarshalText([]byte) error { return errIndiscreet }

func TestText(t *testing.T) {
	var decode codec.Payload[string] = codec.Text
	got, err := decode(codec.Event{Data: "a\nb"})
	require.NoError(t, err)
	assert.Equal(t, "a\nb", got)
}

func TestUnmarshal(t *testing.T) {
	got, err := codec.Unmarshal[order](stdjson.Unmarshal)(codec.Event{Data: `{"SYMBOL":"A"}`})
	require.NoError(t, err)
	assert.Equal(t, order{Symbol: "A"}, got)
}

func TestUnmarshalEmptyData(t *testing.T) {
	got, err := codec.Unmarshal[int](func(data []byte, v any) error {
		*v.(*int) = len(data) //nolint:errcheck // v is what Unmarshal was instantiated with
		return nil
	})(codec.Event{})
	require.NoError(t, err)
	assert.Zero(t, got)
}

func TestUnmarshalError(t *testing.T) {
	long := errors.New(strings.Repeat("é", 500))
	decode := codec.Unmarshal[string](func(data []byte, v any) error {
		*v.(*string) = "half" //nolint:errcheck // v is what Unmarshal was instantiated with
		if len(data) == 0 {
			return long
		}
		_, err := hex.DecodeString(string(data))
		return err
	})
	got, err := decode(codec.Event{Type: "blob", Data: "0g"})
	assert.Zero(t, got)
	var invalid hex.InvalidByteError
	require.ErrorAs(t, err, &invalid)
	require.EqualError(t, err, `codec: decode payload of event "blob": encoding/hex: invalid byte: U+0067 'g'`)
	var failure *codec.PayloadError
	require.ErrorAs(t, err, &failure)
	assert.EqualValues(t, -1, failure.Offset, "not known")

	_, err = decode(codec.Event{Type: "blob"})
	require.ErrorIs(t, err, long)
	assert.Equal(t, `codec: decode payload of event "blob": `+strings.Repeat("é", 100)+"…", err.Error())
}

// The message has up to 64 bytes of a name, and up to 200 of another package's error.
func TestPayloadErrorIsShort(t *testing.T) {
	name, reason := strings.Repeat("n", 64), strings.Repeat("r", 200)
	whole := &codec.PayloadError{Type: name, Offset: -1, Err: errors.New(reason)}
	assert.EqualError(t, whole, `codec: decode payload of event "`+name+`": `+reason)
	cut := &codec.PayloadError{Type: name + "x", Offset: -1, Err: errors.New(reason + "x")}
	assert.EqualError(t, cut, `codec: decode payload of event "`+name+`…": `+reason+"…")
}

func TestPayloadErrorOfUsers(t *testing.T) {
	assert.EqualError(t, &codec.PayloadError{Type: "x", Offset: -1}, `codec: decode payload of event "x": invalid payload`)
}

// TestPayloadIsNotCopied compares where the bytes are.
func TestPayloadIsNotCopied(t *testing.T) {
	event := codec.Event{Data: strings.Repeat("x", 1000)}
	decode := codec.Unmarshal[int](func([]byte, any) error { return nil })
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		if _, err := decode(event); err != nil {
			t.Error(err)
		}
	}), 1.0, "the int")
}

// Memory is reused from event to event; its content is not.
func TestNothingIsLeftOfTheLastEvent(t *testing.T) {
	type value struct {
		A, B int
		List []int
		Map  map[string]int
	}
	decode := codec.JSON[value]()
	first, err := decode(codec.Event{Data: `{"A":1,"List":[1,2,3],"Map":{"a":1}}`})
	require.NoError(t, err)
	second, err := decode(codec.Event{Data: `{"B":2,"List":[4],"Map":{"b":2}}`})
	require.NoError(t, err)
	assert.Equal(t, value{A: 1, List: []int{1, 2, 3}, Map: map[string]int{"a": 1}}, first)
	assert.Equal(t, value{B: 2, List: []int{4}, Map: map[string]int{"b": 2}}, second)

	failed, err := decode(codec.Event{Data: `{"A":7,"B":"x"}`})
	require.Error(t, err)
	assert.Zero(t, failed)
	empty, err := decode(codec.Event{Data: `{}`})
	require.NoError(t, err)
	assert.Zero(t, empty)
}

func TestPayloadsMayBeShared(t *testing.T) {
	decode := codec.JSON[codec.Message[[]int]]()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 200 {
				m, err := decode(codec.Event{Type: "t", ID: strconv.Itoa(i), Data: "[" + strconv.Itoa(i) + "]"})
				assert.NoError(t, err)
				assert.Equal(t, codec.Message[[]int]{Type: "t", ID: strconv.Itoa(i), Value: []int{i}}, m)
			}
		})
	}
	all.Wait()
}
