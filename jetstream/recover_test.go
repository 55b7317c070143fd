package jetstream_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/jetstream"
	"github.com/rxsse/rxsse/jetstream/internal/cluster"
)

// The network fails again at each step of a recovery: nothing is lost or stored twice. The
// events have no IDs, so the server does not recognize repetitions.
func TestAppendSurvivesCutsOfItsRecovery(t *testing.T) {
	if testing.Short() {
		t.Skip("requests that are lost take five seconds each")
	}
	t.Parallel()
	const last, firstCut = 6000, 3000
	// These steps are cut, in order: asking for the end of the log, asking for its last
	// message, and publishing the rest again.
	steps := []string{"STREAM.INFO.", "STREAM.MSG.GET.", "HPUB "}
	var proxy *cluster.Proxy
	var begun atomic.Bool
	var mu sync.Mutex // guards the variables below
	var cuts []string
	var healing sync.WaitGroup
	cut := func(step string) {
		cuts = append(cuts, step)
		proxy.SetCut(true)
		healing.Go(func() { // until the network is back
			time.Sleep(30 * time.Millisecond)
			proxy.SetCut(false)
		})
	}
	proxy, err := cluster.StartProxy(strings.TrimPrefix(shared.ServerURL(0), "nats://"), func(sent []byte) {
		mu.Lock()
		defer mu.Unlock()
		if begun.Load() && len(cuts) > 0 && len(cuts) <= len(steps) && bytes.Contains(sent, []byte(steps[len(cuts)-1])) {
			cut(steps[len(cuts)-1])
		}
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		healing.Wait()
		proxy.Stop()
	})
	js := connect(t, "nats://"+proxy.Address())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	require.NoError(t, log.Append(t.Context(), func(context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			for n := 1; n <= last; n++ {
				if n == firstCut {
					begun.Store(true)
					mu.Lock()
					cut("first")
					mu.Unlock()
				}
				if !yield(codec.Event{Type: "trade", Data: fmt.Sprint(n)}, nil) {
					return
				}
			}
		}
	}))
	mu.Lock()
	assert.Equal(t, append([]string{"first"}, steps...), cuts)
	mu.Unlock()
	end, err := log.End(t.Context())
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(last), end, "each event once")
	for i, e := range take(t, log.Follow(""), last) {
		require.Equal(t, fmt.Sprint(i+1), e.Data)
	}
}
