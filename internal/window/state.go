package window

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// stateFormat is how a State is written: strict, so that a State of other types is
// noticed, and with durations as numbers.
var stateFormat = json.JoinOptions(json.RejectUnknownMembers(true), jsonv1.FormatDurationAsNano(true)) //nolint:gochecknoglobals // a constant

// version is that of the format of a State. Change it when an older one can no longer be
// loaded.
const version = 1

// unpositionedItems is after how many items without an ID a stream is taken to have none.
// Fewer can belong to the first event that has one.
const unpositionedItems = 1000

// A savedState is what State.Save returns.
type savedState struct {
	Version  int
	Pipeline string // describes the windows and types: a State fits no other
	ResumeID string // the position to give to Commit
	Replay   replay
	Windows  jsontext.Value
}

// A Checkpointed saves and loads windows together with the position in the stream. It
// skips the items that it gets again after a restart.
type Checkpointed[T any] struct {
	Windows[T]

	positions *Positions[T]
	pipeline  string
	frozen    func() ([]byte, error) // what Save returns once the stream has ended
}

// NewCheckpointed makes windows ready to be saved. Their items must have positions.
// pipeline describes everything that a State depends on.
func NewCheckpointed[T any](windows Windows[T], positions *Positions[T], pipeline string) *Checkpointed[T] {
	positions.replay = new(replay)
	return &Checkpointed[T]{Windows: windows, positions: positions, pipeline: pipeline}
}

// Add implements [Windows].
func (c *Checkpointed[T]) Add(now Instant, items []T) bool {
	r := c.positions.replay
	for r.skip > 0 && len(items) > 0 && r.repeats(c.positions.id(&items[0])) {
		items = items[1:]
	}
	return len(items) == 0 || c.Windows.Add(now, items)
}

// Flush implements [Windows]. The windows that it delivers stay in the state.
func (c *Checkpointed[T]) Flush() bool {
	data, err := c.SaveState()
	c.frozen = func() ([]byte, error) { return data, err }
	return c.Windows.Flush()
}

// SaveState returns the state as of the last result that was delivered.
func (c *Checkpointed[T]) SaveState() ([]byte, error) {
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
	saved := savedState{version, c.pipeline, c.positions.safe(), *c.positions.replay, windows}
	return json.Marshal(saved, stateFormat)
}

// LoadState begins with a state that SaveState returned.
func (c *Checkpointed[T]) LoadState(data []byte) error {
	saved, err := parseState(data)
	if err != nil {
		return err
	}
	if saved.Pipeline != c.pipeline {
		return fmt.Errorf("it was saved by another pipeline: it is for %s, this one is %s", saved.Pipeline, c.pipeline)
	}
	p := c.positions
	p.known = saved.ResumeID
	p.settled = ""
	*p.replay = saved.Replay
	p.replay.begin()
	if err := c.Load(saved.Windows); err != nil {
		return fmt.Errorf("it does not fit the types of this program: %w", err)
	}
	return nil
}

// LastEventID returns the ID after which a stream must begin that continues data, or ""
// for the beginning.
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
	return saved, nil
}
