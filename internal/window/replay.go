package window

import "log/slog"

// A replay determines where a stream must resume to continue a State, and which items the
// server then repeats.
//
// Several items can have one ID: events without an ID inherit the last one, and one event
// can become several items. There may be more items with the newest ID. So the stream
// resumes before all items with that ID, and those that were taken are skipped. An item
// without an ID belongs to the next one that has an ID.
type replay struct {
	Newest string // the newest ID
	Before string // the ID before it
	Taken  int    // items after the last one with the ID Before, up to one with Newest
	Since  int    // items since then

	skip int // items still to be skipped
}

// took records that an item was taken.
func (r *replay) took(id string) {
	switch id {
	case "":
		r.Since++
	case r.Newest:
		r.Taken += r.Since + 1
		r.Since = 0
	default:
		*r = replay{Before: r.Newest, Newest: id, Taken: r.Since + 1}
	}
}

// lastEventID returns the ID after which the stream must resume. After a single item it is
// that item's ID: a stream that began with the item cannot resume before it.
func (r *replay) lastEventID() string {
	if r.single() {
		return r.Newest
	}
	return r.Before
}

func (r *replay) single() bool { return r.Before == "" && r.Taken == 1 && r.Since == 0 }

// begin prepares to skip the items that the server repeats after lastEventID.
func (r *replay) begin() {
	if !r.single() {
		r.skip = r.Taken + r.Since
	}
}

// repeats reports whether the next item, with this ID, was taken before.
func (r *replay) repeats(id string) bool {
	switch {
	case id == "" || id == r.Newest:
		r.skip--
		return true
	case id == r.Before && r.skip == r.Taken+r.Since: // it inherited this ID
		return true
	default:
		r.skip = 0
		slog.Warn("operators: State: the stream did not resume after the last event ID of the state: items may be missing or counted twice",
			"lastEventID", r.lastEventID(), "expected", r.Newest, "got", id)
		return false
	}
}
