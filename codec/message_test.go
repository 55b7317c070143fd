package codec_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

type trade struct {
	Price float64 `json:"price"`
}

func TestMessageKeepsTypeAndID(t *testing.T) {
	event := codec.Event{Type: "trade", ID: "7", Data: `{"price":1.5}`}
	want := codec.Message[trade]{Type: "trade", ID: "7", Value: trade{1.5}}
	for name, payload := range map[string]codec.Payload[codec.Message[trade]]{
		"JSON":      codec.JSON[codec.Message[trade]](),
		"Unmarshal": codec.Unmarshal[codec.Message[trade]](json.Unmarshal),
		"Keep":      codec.Keep(codec.JSON[trade]()),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := payload(event)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			assert.Equal(t, "7", got.ResumeID())

			unordered := event
			unordered.ClearResumeID()
			got, err = payload(unordered)
			require.NoError(t, err)
			assert.Equal(t, "7", got.ID)
			assert.Empty(t, got.ResumeID(), "an event without a safe position makes a message without one")

			bad := event
			bad.Data = `{"price":"high"}`
			got, err = payload(bad)
			var invalid *codec.PayloadError
			require.ErrorAs(t, err, &invalid)
			assert.Equal(t, "7", invalid.ID)
			assert.Zero(t, got, "nothing half decoded is returned")
		})
	}
}

func TestKeepReturnsTheErrorAsItIs(t *testing.T) {
	broken := errors.New("broken")
	_, err := codec.Keep(func(codec.Event) (int, error) { return 0, broken })(codec.Event{Type: "message"})
	assert.Same(t, broken, err)
}

func TestClearResumeIDKeepsTheID(t *testing.T) {
	e := codec.Event{Type: "trade", ID: "7"}
	assert.Equal(t, "7", e.ResumeID())
	e.ClearResumeID()
	assert.Equal(t, "7", e.ID)
	assert.Empty(t, e.ResumeID())

	m := codec.Message[int]{ID: "7"}
	m.ClearResumeID()
	assert.Equal(t, "7", m.ID)
	assert.Empty(t, m.ResumeID())
}
