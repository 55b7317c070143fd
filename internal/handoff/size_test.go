package handoff

import (
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse/codec"
)

// wrapped is an item that holds an event, as in operators.
type wrapped struct{ event codec.Event }

func (*wrapped) SizeOf() func(*wrapped) int {
	size := SizeOf[codec.Event]()
	return func(w *wrapped) int { return size(&w.event) }
}

func TestSizeOf(t *testing.T) {
	e := codec.Event{Type: "type", Data: "data!", ID: "id", Comment: "c"}
	assert.Equal(t, 12, SizeOf[codec.Event]()(&e))
	assert.Equal(t, 12, SizeOf[wrapped]()(&wrapped{e}))
	text, raw := "text", []byte("bytes")
	assert.Equal(t, 4, SizeOf[string]()(&text))
	assert.Equal(t, 5, SizeOf[[]byte]()(&raw))
	bytes := json.RawMessage("[1,2]")
	assert.Equal(t, 5, SizeOf[json.RawMessage]()(&bytes))
	assert.Equal(t, 10, SizeOf[codec.Message[string]]()(&codec.Message[string]{Type: "type", ID: "id", Value: text}))
	assert.Equal(t, 11, SizeOf[codec.Message[[]byte]]()(&codec.Message[[]byte]{Type: "type", ID: "id", Value: raw}))
	assert.Equal(t, 11, SizeOf[codec.Message[json.RawMessage]]()(&codec.Message[json.RawMessage]{Type: "type", ID: "id", Value: bytes}))
	assert.Nil(t, SizeOf[codec.Message[int]]())
	assert.Nil(t, SizeOf[int]())
	assert.Nil(t, SizeOf[*codec.Event]())
}

// A queue counts bytes, too: producers wait while it holds 16 MiB, and continue when the
// consumer has taken them.
func TestQueuesCountBytes(t *testing.T) {
	const quarter = 4 << 20
	large := codec.Event{Data: strings.Repeat("x", quarter)}
	huge := codec.Event{Data: strings.Repeat("x", 2*MaxBytes)}
	newQueue := map[string]func(*testing.T) *Queue[codec.Event]{
		"one producer": func(t *testing.T) *Queue[codec.Event] { return New[codec.Event](t.Context(), 256) },
		"by arrival":   func(t *testing.T) *Queue[codec.Event] { return NewByArrival[codec.Event](t.Context(), 256) },
	}
	for name, newQueue := range newQueue {
		for size, c := range map[string]struct {
			event codec.Event
			fit   int
		}{"large": {large, 4}, "larger than the limit": {huge, 1}} {
			t.Run(name+", "+size, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					q := newQueue(t)
					defer q.Stop()
					p := q.AddProducer()
					var pushed atomic.Int32
					go func() {
						for range 10 {
							if !p.Push(c.event) {
								return
							}
							pushed.Add(1)
						}
						p.Finish(Outcome{})
					}()
					received := 0
					for {
						synctest.Wait()
						assert.LessOrEqual(t, int(pushed.Load())-received, c.fit)
						batch, signal := q.Receive(nil)
						if signal == End {
							break
						}
						assert.LessOrEqual(t, len(batch), c.fit)
						received += len(batch)
					}
					assert.Equal(t, 10, received, "nothing is lost")
				})
			})
		}
	}
}

// Several producers share the bytes of a queue by arrival.
func TestProducersShareBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		large := codec.Event{Data: strings.Repeat("x", MaxBytes/4)}
		q := NewByArrival[codec.Event](t.Context(), 256)
		defer q.Stop()
		for range 5 {
			p := q.AddProducer()
			go func() {
				for range 20 {
					if !p.Push(large) {
						return
					}
				}
				p.Finish(Outcome{})
			}()
		}
		received := 0
		for {
			synctest.Wait()
			batch, signal := q.Receive(nil)
			if signal == End {
				break
			}
			assert.LessOrEqual(t, len(batch), 4+5, "each producer may have looked at the same time")
			received += len(batch)
		}
		assert.Equal(t, 100, received, "nothing is lost")
		assert.Zero(t, q.bytes.Load())
	})
}

func TestMulticastCountsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		large := codec.Event{Data: strings.Repeat("x", MaxBytes/4)}
		var mu sync.Mutex
		m := NewMulticast[codec.Event](&mu, Block)
		queues := []*Queue[codec.Event]{New[codec.Event](t.Context(), 256), New[codec.Event](t.Context(), 256)}
		mu.Lock()
		for _, q := range queues {
			m.Add(q)
		}
		mu.Unlock()
		var pushed atomic.Int32
		go func() {
			mu.Lock()
			defer mu.Unlock()
			for range 20 {
				m.WaitForRoom()
				m.Push(large)
				pushed.Add(1)
			}
			m.Finish(Outcome{})
		}()
		synctest.Wait()
		assert.EqualValues(t, 4, pushed.Load(), "the source waits for the consumers")
		var consuming sync.WaitGroup
		for _, q := range queues {
			consuming.Go(func() {
				defer q.Stop()
				received := 0
				for {
					batch, signal := q.Receive(nil)
					if signal == End {
						break
					}
					received += len(batch)
				}
				assert.Equal(t, 20, received, "nothing is lost")
			})
		}
		consuming.Wait()
	})
}

// A multicast holds back at most 1 MiB: then the consumers get what it holds.
func TestMulticastHoldsBackFewBytes(t *testing.T) {
	var mu sync.Mutex
	m := NewMulticast[string](&mu, Block)
	q := New[string](t.Context(), 256)
	defer q.Stop()
	mu.Lock()
	m.Add(q)
	mu.Unlock()
	half := strings.Repeat("x", 512<<10)
	push(&mu, m, half[1:])
	_, ok := q.Newer()
	assert.False(t, ok)
	push(&mu, m, half)
	_, ok = q.Newer()
	assert.False(t, ok, "one byte less than 1 MiB")
	push(&mu, m, "x")
	got, _ := q.Newer()
	assert.Len(t, got, 3, "1 MiB")
}

// A queue that drops items also drops by bytes, but never the only item.
func TestOverflowCountsBytes(t *testing.T) {
	large := codec.Event{Data: strings.Repeat("x", MaxBytes/2)}
	for policy, want := range map[Policy]int{DropOldest: 8, DropNewest: 8, Latest: 8, ReplaceNewest: 8} {
		var dropped atomic.Int64
		q := NewOverflowing[codec.Event](t.Context(), 256, Overflow{Policy: policy, Dropped: &dropped})
		p := q.AddProducer()
		for range 10 {
			assert.True(t, p.Push(large))
		}
		p.Finish(Outcome{})
		received := 0
		for {
			batch, signal := q.Receive(nil)
			if signal == End {
				break
			}
			received += len(batch)
		}
		assert.EqualValues(t, 10, received+int(dropped.Load()))
		assert.LessOrEqual(t, int(dropped.Load()), want)
		assert.Positive(t, received)
		assert.Zero(t, p.bytes)
		q.Stop()
	}
}
