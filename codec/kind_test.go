package codec_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

// Events of different kinds never look alike, neither decoded nor encoded again.
func TestKind(t *testing.T) {
	for stream, want := range map[string]codec.Kind{
		"data:\n\n":              codec.KindMessage,
		"data: x\n\n":            codec.KindMessage,
		"retry: 0\ndata: x\n\n":  codec.KindMessage,
		":\n\n":                  codec.KindComment,
		": ping\n\n":             codec.KindComment,
		"retry: 0\n\n":           codec.KindRetry,
		"retry: 5\n\n":           codec.KindRetry,
		"id: 7\nretry: 0\n\n":    codec.KindRetry,
		"retry: 000000000\n\n":   codec.KindRetry,
		"event: x\nretry: 0\n\n": codec.KindRetry,
	} {
		t.Run(stream, func(t *testing.T) {
			e, err := codec.NewDecoder(strings.NewReader(stream), codec.WithComments(true), codec.WithRetryEvents(true)).Next()
			require.NoError(t, err)
			assert.Equal(t, want, e.Kind(), "%#v", e)
			again, err := codec.NewDecoder(strings.NewReader(e.String()), codec.WithComments(true), codec.WithRetryEvents(true)).Next()
			require.NoError(t, err)
			assert.Equal(t, e, again)
		})
	}
	assert.Equal(t, codec.KindRetry, codec.Event{ID: "7"}.Kind(), "only encoded")
	assert.Equal(t, "message comment retry unknown", strings.Join([]string{codec.KindMessage.String(), codec.KindComment.String(), codec.KindRetry.String(), codec.Kind(0).String()}, " "))
}

// The decoder distinguishes a time of zero.
func TestRetryOfZero(t *testing.T) {
	d := codec.NewDecoder(strings.NewReader("retry: 0\ndata: x\n\n"))
	e, err := d.Next()
	require.NoError(t, err)
	assert.Equal(t, codec.RetryZero, e.Retry)
	retry, set := d.Retry()
	assert.True(t, set)
	assert.Equal(t, time.Duration(0), retry)
}
