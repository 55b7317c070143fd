package jetstream

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
)

// A stream that collects the messages of another stream is no log.
func TestAStreamWithASourceIsNoLog(t *testing.T) {
	config := jetstream.StreamConfig{Subjects: []string{"a"}, Sources: []*jetstream.StreamSource{{Name: "b"}}}
	assert.ErrorContains(t, new(Log).check(config), "it is a mirror or has sources")
}
