//go:build !race

// The race detector makes a sync.Pool forget values at random.

package codec_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse/codec"
)

// A Message costs DecodeJSON no allocation that a plain value does not.
func TestMessageAllocatesNothingMore(t *testing.T) {
	event := codec.Event{Type: "trade", ID: "7", Data: `{"price":1.5}`}
	plain, message := codec.JSON[trade](), codec.JSON[codec.Message[trade]]()
	without := testing.AllocsPerRun(100, func() { _, _ = plain(event) })
	with := testing.AllocsPerRun(100, func() { _, _ = message(event) })
	assert.Equal(t, without, with)
}

// A value is decoded without an allocation for the value itself.
func TestDecodingAllocatesNothing(t *testing.T) {
	type point struct{ X, Y float64 }
	event := codec.Event{Type: "point", Data: `{"X":1.5,"Y":2}`}
	decode := codec.JSON[point]()
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = decode(event) }))
	custom := codec.Unmarshal[point](func(_ []byte, v any) error {
		if p, ok := v.(*point); ok {
			p.X = 1
		}
		return nil
	})
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = custom(event) }))
}
