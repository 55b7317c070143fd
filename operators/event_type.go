package operators

import (
	"slices"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
)

// EventType delivers the events of src whose type is one of types, and none if there are no
// types. A message without a type has the type "message" (WHATWG HTML §9.2.6), even one that
// a program made with an empty Type. Comments and changes of the reconnection time have the
// type "": EventType drops them unless "" is one of types.
//
//	src:                 --price--news--price--|
//	EventType("price"):  --price--------price--|
//
// Synchronous. It ends as src does.
func EventType(src rxsse.Observable[codec.Event], types ...string) rxsse.Observable[codec.Event] {
	mustNotBeNil("EventType: src", src == nil)
	types = slices.Clone(types)
	if slices.Contains(types, codec.DefaultType) {
		return Filter(src, func(e codec.Event) bool {
			return slices.Contains(types, e.Type) || e.Type == "" && e.Kind() == codec.KindMessage
		})
	}
	if len(types) == 1 {
		want := types[0]
		return Filter(src, func(e codec.Event) bool { return e.Type == want })
	}
	return Filter(src, func(e codec.Event) bool { return slices.Contains(types, e.Type) })
}
