package operators

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MarshalJSONTo encodes the notification for [EncodeJSON] and the sinks that write JSON:
// an item as {"Value":…}, an end as {"Value":…,"End":true}, with the text of the error, if
// there is one, as "Err".
func (n Notification[T]) MarshalJSONTo(encoder *jsontext.Encoder) error {
	text := ""
	if n.Err != nil {
		text = n.Err.Error()
	}
	return json.MarshalEncode(encoder, struct {
		Value T
		Err   string `json:",omitzero"`
		End   bool   `json:",omitzero"`
	}{n.Value, text, n.End})
}
