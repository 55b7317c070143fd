package jetstream_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/jetstream"
)

// A key stays in its partition from version to version: the hash is FNV-1a, of whose
// published test vectors these are three.
func TestPartitionByStaysTheSame(t *testing.T) {
	subject := jetstream.PartitionBy("trades", 7, func(e codec.Event) string { return e.ID })
	for key, want := range map[string]uint32{"": 0x811c9dc5, "a": 0xe40c292c, "foobar": 0xbf9cf968} {
		assert.Equal(t, jetstream.Partitions("trades", 7)[want%7], subject(codec.Event{ID: key}), key)
	}
}
