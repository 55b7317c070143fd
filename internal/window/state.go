package window

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// stateFormat is the format of a State: strict, so that loading detects a State of other
// types, and with durations as numbers.
var stateFormat = json.JoinOptions(json.RejectUnknownMembers(true), jsonv1.FormatDurationAsNano(true)) //nolint:gochecknoglobals // a constant

// version is the version of that format. Change it when older states can no longer be
// loaded.
const version = 3

// unpositionedItems is the number of items without an ID after which SaveState assumes that
// a stream has no IDs. Fewer can precede the first event with one.
const unpositionedItems = 1000

// A savedState is what State.Save returns.
type savedState struct {
	Version  int
	Checksum string // of everything that follows: see stateHead
	Pipeline string // describes the windows and types that the State fits
	ResumeID string // the position to give to Commit
	Replay   replay
	Windows  jsontext.Value
}

// stateHead is the beginning of a state, with the checksum of the bytes that follow it. A
// changed digit would otherwise be a valid state with other results.
const stateHead = `{"Version":%d,"Checksum":"%08x",`

// noChecksum has the length of a checksum.
const noChecksum = "00000000"

// appendStateHead appends the stateHead of a state with the given bytes after the head.
func appendStateHead(dst, rest []byte) []byte {
	return fmt.Appendf(dst, stateHead, version, crc32.ChecksumIEEE(rest))
}

// stateHeadLen is the length of each stateHead of this version.
var stateHeadLen = len(appendStateHead(nil, nil)) //nolint:gochecknoglobals // a constant

// A Checkpointed saves and loads windows together with the position in the stream. After a
// restart, it skips the items that the state contains.
type Checkpointed struct {
	Windows

	positions *Positions
	pipeline  string
	frozen    func() ([]byte, error) // what Save returns once the stream has ended
}

// NewCheckpointed makes windows ready to be saved. Their items must have positions.
// pipeline describes everything that a State depends on.
func NewCheckpointed(windows Windows, positions *Positions, pipeline string) *Checkpointed {
	positions.replay = new(replay)
	return &Checkpointed{Windows: windows, positions: positions, pipeline: pipeline}
}

// Add implements [Windows].
func (c *Checkpointed) Add(now Instant, from, to int) bool {
	r := c.positions.replay
	for r.skip > 0 && from < to && r.repeats(c.positions.id(from)) {
		from++
	}
	return from == to || c.Windows.Add(now, from, to)
}

// Flush implements [Windows]. The windows that it delivers stay in the state.
func (c *Checkpointed) Flush() bool {
	data, err := c.SaveState()
	c.frozen = func() ([]byte, error) { return data, err }
	return c.Windows.Flush()
}

// SaveState returns the state as of the last delivered result.
func (c *Checkpointed) SaveState() ([]byte, error) {
	if c.frozen != nil {
		return c.frozen()
	}
	if r := c.positions.replay; r.Newest == "" && r.Since >= unpositionedItems {
		return nil, fmt.Errorf("none of the first %d items has an ID, so the stream cannot resume", r.Since)
	}
	windows, err := c.Save()
	if err != nil {
		return nil, err
	}
	saved := savedState{version, noChecksum, c.pipeline, c.positions.safe(), *c.positions.replay, windows}
	data, err := json.Marshal(saved, stateFormat)
	if err != nil {
		return nil, err
	}
	appendStateHead(data[:0], data[stateHeadLen:]) // in place of one without a checksum
	return data, nil
}

// LoadState makes new windows continue a state that SaveState returned.
func (c *Checkpointed) LoadState(data []byte) error {
	saved, err := parseState(data)
	if err != nil {
		return err
	}
	if saved.Pipeline != c.pipeline {
		return fmt.Errorf("it was saved by another pipeline: it is for %s, this one is %s", saved.Pipeline, c.pipeline)
	}
	p := c.positions
	p.known, p.settled = saved.ResumeID, saved.ResumeID
	*p.replay = saved.Replay
	p.replay.begin()
	if err := c.Load(saved.Windows); err != nil {
		return fmt.Errorf("it does not fit the types of this program: %w", err)
	}
	return nil
}

// LastEventID returns the ID after which a stream must resume to continue the state in
// data, or "" for the beginning.
func LastEventID(data []byte) (string, error) {
	if len(data) == 0 {
		return "", nil
	}
	saved, err := parseState(data)
	return saved.Replay.lastEventID(), err
}

func parseState(data []byte) (saved savedState, err error) {
	if err := json.Unmarshal(data, &saved, stateFormat); err != nil {
		return savedState{}, fmt.Errorf("it is damaged, or was not written by State.Save: %w", err)
	}
	if saved.Version != version {
		return savedState{}, fmt.Errorf("it has version %d, this program reads version %d", saved.Version, version)
	}
	if len(data) < stateHeadLen || !bytes.Equal(data[:stateHeadLen], appendStateHead(nil, data[stateHeadLen:])) {
		return savedState{}, errors.New("it is damaged, or was reformatted, as in a column of type jsonb: store the bytes unchanged")
	}
	return saved, nil
}
