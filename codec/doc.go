// Package codec reads and writes text/event-stream, the wire format of Server-Sent Events,
// and decodes the payloads of events. It does no networking; package source connects and
// reconnects.
//
// To read, range over the events of a [Decoder]:
//
//	for event, err := range codec.NewDecoder(body).Events() {
//		if err != nil {
//			return err
//		}
//		fmt.Println(event.Type, event.ID, event.Data)
//	}
//
// An [Event] owns its strings, so a program can keep it. For more speed, [Decoder.Scan] and
// [Decoder.View] lend the bytes instead.
//
// To write, use an [Encoder], or [AppendEvent] with your own buffer. Both refuse values
// that the format cannot carry, so an ID from a database cannot inject a field. A decoder
// reads back the same event.
//
// To decode payloads, use a [Payload], a function from an event to a value: [JSON], [Text],
// or [Unmarshal] around the Unmarshal function of any other format:
//
//	price := codec.JSON[Price]()
//	p, err := price(event)
//
// # Conformance
//
// The decoder follows WHATWG HTML §9.2.5 and §9.2.6 to the letter, however the bytes are
// split into reads; testdata/vectors.txt has a case for each sentence. Where the standard
// leaves a choice, or the decoder adds to it:
//
//   - the last event ID carries over from the previous connection, see [WithLastEventID];
//   - an empty retry value is ignored, and one that is too large is clamped;
//   - comments and changes of the reconnection time are delivered on request, see
//     WithComments and WithRetryEvents;
//   - an event has a maximum size, see [WithMaxEventSize], which also bounds the decoder's
//     memory.
package codec
