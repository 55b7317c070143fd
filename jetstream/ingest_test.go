package jetstream_test

import (
	"context"
	"iter"
	"testing"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/jetstream"
)

func TestIngestSaysWhatToChange(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	group := jetstream.Group{Name: "group", Bucket: "test-claims", TTL: 5 * time.Second}
	nothing := func(string) rxsse.Observable[codec.Event] { return just[codec.Event]() }
	for want, feeds := range map[string][]jetstream.Feed{
		"jetstream: Ingest: each Feed needs a Log and a Source":                                        {{Log: log}},
		`jetstream: Ingest: two feeds have the log "TestIngestSaysWhatToChange"; a log has one writer`: {{log, nothing}, {log, nothing}},
	} {
		assert.EqualError(t, jetstream.Ingest(t.Context(), js, group, feeds...), want)
	}
	assert.EqualError(t, jetstream.Ingest(t.Context(), js, jetstream.Group{}, jetstream.Feed{Log: log, Source: nothing}),
		`jetstream: Group.Name must consist of letters, digits, - and _, got ""`)
}

// Ingest notices another writer that appends after it has read the position and before the
// feed delivers, and reads the position again.
func TestIngestAppendsOnlyAfterThePositionThatItRead(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var positions []string
	err := jetstream.Ingest(ctx, js, jetstream.Group{Name: "ingest-after", Bucket: "test-claims-1s", TTL: time.Second}, jetstream.Feed{
		Log: log,
		Source: func(lastEventID string) rxsse.Observable[codec.Event] {
			positions = append(positions, lastEventID)
			if lastEventID == "" {
				assert.NoError(t, log.Append(ctx, just(codec.Event{Type: "message", ID: "other", Data: "other"})))
				return just(event(1))
			}
			return func(context.Context) iter.Seq2[codec.Event, error] {
				return func(func(codec.Event, error) bool) { cancel() }
			}
		},
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []string{"", "other"}, positions)
	end, err := log.End(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "1", end, "event 1 is not appended after the other's")
}
