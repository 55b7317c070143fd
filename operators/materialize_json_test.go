package operators

import (
	"errors"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
)

// Items of our own types can be encoded.
func TestEncodeJSONOfOurOwnTypes(t *testing.T) {
	notifications := from(
		Notification[time.Duration]{Value: time.Second},
		Notification[time.Duration]{Err: errors.New("gone"), End: true},
		Notification[time.Duration]{End: true},
	)
	var got []string
	for _, e := range collect(t, EncodeJSON(notifications, "")) {
		got = append(got, e.Data)
	}
	assert.Equal(t, []string{`{"Value":1000000000}`, `{"Value":0,"Err":"gone","End":true}`, `{"Value":0,"End":true}`}, got)
	intervals := EncodeJSON(from(Timed[int]{Interval: time.Second, Value: 1}), "")
	assert.Equal(t, `{"Interval":1000000000,"Value":1}`, collect(t, intervals)[0].Data)
	quoted := EncodeJSON(from(Notification[int]{Value: 1}), "", json.StringifyNumbers(true))
	assert.Equal(t, `{"Value":"1"}`, collect(t, quoted)[0].Data, "options apply to the value")
}
