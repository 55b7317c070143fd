package window

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// A script is Windows that record the calls.
type script struct {
	calls []string
	next  Instant
	stop  string // the consumer leaves at this call
	err   error  // of Save
}

// note records a call, and reports whether the consumer stays.
func (s *script) note(format string, arguments ...any) bool {
	call := fmt.Sprintf(format, arguments...)
	s.calls = append(s.calls, call)
	return call != s.stop
}

// take returns the calls since the last time.
func (s *script) take() []string {
	calls := s.calls
	s.calls = nil
	return calls
}

func (s *script) Add(at Instant, from, to int) bool { return s.note("add %d-%d at %d", from, to, at) }
func (s *script) Advance(to Instant) bool           { return s.note("advance %d", to) }
func (s *script) Next() Instant                     { return s.next }
func (s *script) Early() bool                       { return s.note("early") }
func (s *script) Flush() bool                       { return s.note("flush") }

func (s *script) Save() (jsontext.Value, error) {
	s.note("save")
	return jsontext.Value(`"saved"`), s.err
}

func (s *script) Load(saved jsontext.Value) error {
	s.note("load %s", saved)
	return s.err
}
