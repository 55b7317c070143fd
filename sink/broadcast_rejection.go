package sink

import (
	"errors"
	"fmt"
)

// A rejection is the error of one event that was not sent.
type rejection struct {
	typ, id string
	err     error
}

func (r *rejection) Error() string {
	return fmt.Sprintf("event of type %q with id %q: %v", clip(r.typ), clip(r.id), r.err)
}

func (r *rejection) Unwrap() error { return r.err }

// clip shortens text for an error message.
func clip(text string) string {
	const most = 40
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// rejections are the events that a call did not send.
type rejections struct {
	count int
	first *rejection
}

func (r *rejections) add(bad *rejection) {
	if r.count++; r.count == 1 {
		r.first = bad
	}
}

// join adds the rejections to the error of a call.
func (r *rejections) join(err error) error {
	if r.count == 0 {
		return err
	}
	return errors.Join(err, fmt.Errorf("sink: Broadcaster: %d events not sent; the first: %w", r.count, r.first))
}
