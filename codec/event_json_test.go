package codec_test

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

func TestEventAsJSON(t *testing.T) {
	for want, event := range map[string]codec.Event{
		`{"type":"price","data":"{}","id":"7"}`: {Type: "price", Data: "{}", ID: "7"},
		`{"comment":" hi"}`:                     {Comment: " hi"},
		`{}`:                                    {},
	} {
		got, err := json.Marshal(event)
		require.NoError(t, err)
		assert.JSONEq(t, want, string(got))
		var back codec.Event
		require.NoError(t, json.Unmarshal(got, &back))
		assert.Equal(t, event, back)
	}
	got, err := json.Marshal(codec.Event{Data: "x", Retry: time.Second})
	require.NoError(t, err)
	assert.JSONEq(t, `{"data":"x"}`, string(got))
}
