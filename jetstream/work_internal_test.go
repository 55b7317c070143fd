package jetstream

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
)

// publishes counts the messages that are published, by the calls of Conn.
type publishes struct {
	jetstream.JetStream

	n int
}

func (p *publishes) Conn() *nats.Conn {
	p.n++
	return new(nats.Conn)
}

// An event that is delivered again is acknowledged at once if it was acknowledged before, and
// not while the worker has it.
func TestARepeatedDelivery(t *testing.T) {
	js := new(publishes)
	p := &Partition{js: js}
	for sequence := range uint64(3) {
		assert.True(t, p.add(delivery{sequence: 10 + sequence, reply: "a"}))
	}
	assert.False(t, p.add(delivery{sequence: 11, reply: "b"}))
	assert.Zero(t, js.n)
	assert.False(t, p.add(delivery{sequence: 9, reply: "c"}))
	assert.Equal(t, 1, js.n)
}
