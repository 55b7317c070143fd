package sink

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse/codec"
)

// Clients that decide about the events of a word at the same moment lose none of each
// other's decisions and get the right ones.
func TestGroupDecidesConcurrently(t *testing.T) {
	even := func(e codec.Event) bool { return len(e.Data)%2 == 0 }
	for range 20 {
		g := newGroup(1)
		var clients sync.WaitGroup
		for range 4 {
			clients.Go(func() {
				wrong := 0
				for n := range int64(20_000) {
					data := "xx"[:n%2]
					if g.wants(&entry{number: n, event: codec.Event{Data: data}}, even) != (n%2 == 0) {
						wrong++
					}
				}
				assert.Zero(t, wrong)
			})
		}
		clients.Wait()
	}
}
