// Package codec reads and writes text/event-stream, the wire format of Server-Sent
// Events, and decodes what the events carry. It knows bytes, not networks: package
// source connects and reconnects, this package reads what came.
//
// Reading is a loop over a [Decoder]:
//
//	for event, err := range codec.NewDecoder(body).Events() {
//		if err != nil {
//			return err
//		}
//		fmt.Println(event.Type, event.ID, event.Data)
//	}
//
// An [Event] owns its strings and may be kept. Where every nanosecond counts and
// events are not kept, [Decoder.Scan] and [Decoder.View] lend the bytes instead.
//
// Writing is an [Encoder], or [AppendEvent] for those who hold the buffer. Both
// refuse what the format cannot carry, so that an ID out of a database never
// becomes a field that someone else has written. What they write is read back as the
// same event.
//
// Payloads are decoded by a [Payload], a function from an event to a value: [JSON],
// [Text], or [Unmarshal] around the Unmarshal function of any other format:
//
//	price := codec.JSON[Price]()
//	p, err := price(event)
//
// # Conformance
//
// The decoder follows WHATWG HTML §9.2.5 and §9.2.6 to the letter for any division
// of the bytes into reads; testdata/vectors.txt has a case for each sentence. Where
// the standard leaves a choice:
//
//   - the last event ID carries over from the connection before, see
//     [WithLastEventID];
//   - an empty retry is ignored, one too large is clamped;
//   - comments and changes of the reconnection time are delivered on request;
//   - an event has a maximum size, see [WithMaxEventSize], and the decoder never
//     holds more than that, whatever the other side sends.
package codec
