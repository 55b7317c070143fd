package marble

import (
	"runtime"
	"strings"
	"sync"
	"time"
)

// Each subscription has a place in time: a point within every slot, at which it draws
// everything. No two subscriptions draw at the same instant, so operators see their items
// in the same order on every run.
const (
	slot            = Frame / 10
	streamPlace     = 100 * time.Nanosecond // between two streams
	streamPlaces    = int64(slot / streamPlace)
	subscriptions   = int64(streamPlace / time.Nanosecond)
	rememberedTests = 64
)

// places are those of one stream: one for each subscription.
type places struct {
	stream time.Duration

	mu     sync.Mutex
	active int   // subscriptions that have not ended
	next   int64 // number of the next one; starts at 0 when none is active
}

// start returns when the first frame of a new subscription begins: at the next place
// of the stream, which is now for the first stream of a test.
func (p *places) start(now time.Time) time.Time {
	p.mu.Lock()
	subscription := p.next % subscriptions
	p.active++
	p.next++
	p.mu.Unlock()
	at := now.Truncate(slot).Add(p.stream + time.Duration(subscription))
	if at.Before(now.Truncate(streamPlace)) { // operators start their inputs some nanoseconds apart
		at = at.Add(slot)
	}
	return at
}

// end ends a subscription.
func (p *places) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.active--; p.active == 0 {
		p.next = 0
	}
}

// created counts the streams of each bubble, so that a test gets the same places
// whatever ran before it. Streams created outside of a bubble are counted together.
var created struct { //nolint:gochecknoglobals // a bubble has no place of its own to count in
	sync.Mutex //nolint:embeddedstructfieldcheck // the struct has no type of its own

	streams map[string]int64
	tests   []string // the keys of streams, oldest first
}

func newPlaces() *places {
	test := bubble()
	created.Lock()
	defer created.Unlock()
	if _, known := created.streams[test]; !known {
		if created.streams == nil {
			created.streams = map[string]int64{}
		}
		if len(created.tests) == rememberedTests {
			delete(created.streams, created.tests[0])
			created.tests = created.tests[1:]
		}
		created.tests = append(created.tests, test)
	}
	n := created.streams[test]
	created.streams[test] = n + 1
	return &places{stream: time.Duration(n%streamPlaces) * streamPlace}
}

// bubble names the caller's synctest bubble, or returns "" outside of any. The head
// of a stack says: goroutine 7 [running, synctest bubble 3]:
func bubble() string {
	var buf [128]byte
	head, _, _ := strings.Cut(string(buf[:runtime.Stack(buf[:], false)]), "\n")
	_, rest, _ := strings.Cut(head, "synctest bubble ")
	return strings.TrimRight(rest, "]:")
}
