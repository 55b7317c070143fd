package jetstream_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/jetstream"
	"github.com/rxsse/rxsse/jetstream/internal/cluster"
)

func TestFollowBeginsAfterAPosition(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	end, err := log.End(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "0", end)
	require.NoError(t, log.Append(t.Context(), numbered(1, 10)))
	for after, first := range map[string]int{"": 1, "0": 1, "4": 5, "9": 10} {
		got := take(t, log.Follow(after), 1)
		assert.Equal(t, strconv.Itoa(first), got[0].ID, "after %q", after)
	}

	end, err = log.End(t.Context())
	require.NoError(t, err)
	follow := log.Follow(end)
	go func() { _ = log.Append(t.Context(), numbered(11, 12)) }()
	got := take(t, follow, 2)
	assert.Equal(t, "event 11", got[0].Data)
	assert.Equal(t, "event 12", got[1].Data)
}

func TestFollowEnds(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	require.NoError(t, log.Append(t.Context(), numbered(1, 10)))

	broken := errors.New("broken")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var end error
	for e, err := range log.Follow("")(ctx) {
		end = err
		if e.ID == "3" {
			cancel(broken)
		}
	}
	assert.Same(t, broken, end)

	assert.Panics(t, func() {
		for range log.Follow("")(t.Context()) {
			panic("boom")
		}
	})
	assert.EqualError(t, endOf(t, log.Follow("x")), `jetstream: follow stream "TestFollowEnds": "x" is not the sequence of an event`)
}

// A position whose events have been deleted is an error and, for a browser, an unknown ID.
func TestFollowSaysWhatTheLogHasForgotten(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{MaxMsgs: 5}, jetstream.LogConfig{})
	require.NoError(t, log.Append(t.Context(), numbered(1, 1)))
	for id, known := range map[string]bool{"1": true, "0": false, "": false} {
		src, err := log.Replay(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, known, src != nil, "id %q of a whole log", id)
	}
	require.NoError(t, log.Append(t.Context(), numbered(2, 10)))
	err := endOf(t, log.Follow("4"))
	var forgotten *jetstream.ForgottenError
	require.ErrorAs(t, err, &forgotten)
	assert.Equal(t, uint64(6), forgotten.First)
	require.ErrorContains(t, err, `no longer holds the events after "4"; the first one left is 6`)
	for id, known := range map[string]bool{"4": false, "5": true, "10": true, "11": false, "": false, "0": false, "x": false} {
		src, err := log.Replay(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, known, src != nil, "id %q", id)
	}
	src, err := log.Replay(t.Context(), "8")
	require.NoError(t, err)
	assert.Equal(t, "9", take(t, src, 1)[0].ID)
}

// The server deletes the consumer of a reader by itself: Follow leaves nothing behind, even if
// the reader's program is killed.
func TestFollowNeedsNoCleanup(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{}, jetstream.LogConfig{})
	require.NoError(t, log.Append(t.Context(), numbered(1, 1)))
	for _, err := range log.Follow("")(t.Context()) {
		require.NoError(t, err)
		stream, err := js.Stream(t.Context(), log.Name())
		require.NoError(t, err)
		n := 0
		for c := range stream.ListConsumers(t.Context()).Info() {
			n++
			assert.Empty(t, c.Config.Durable)
			assert.Equal(t, 30*time.Second, c.Config.InactiveThreshold)
			assert.True(t, c.Config.MemoryStorage)
		}
		assert.Equal(t, 1, n)
		break
	}
}

// A slow reader that the stream's limits overtake gets an error, and misses nothing
// unnoticed.
func TestFollowSaysThatItWasOvertaken(t *testing.T) {
	js := connect(t, shared.URL())
	log := openLog(t, js, natsjs.StreamConfig{Name: newStreamName(t), MaxMsgs: 100}, jetstream.LogConfig{})
	require.NoError(t, log.Append(t.Context(), numbered(1, 10)))
	next := 1
	var end error
	for e, err := range log.Follow("")(t.Context()) {
		if err != nil {
			end = err
			break
		}
		require.Equal(t, strconv.Itoa(next), e.ID, "in order and without a gap")
		if next == 1 {
			require.NoError(t, log.Append(t.Context(), numbered(11, 5000)))
		}
		next++
	}
	var forgotten *jetstream.ForgottenError
	require.ErrorAs(t, end, &forgotten)
	assert.Equal(t, strconv.Itoa(next-1), forgotten.LastEventID)
	assert.Equal(t, uint64(4901), forgotten.First)
	assert.Greater(t, next, 10, "the events that the server had sent before")
	assert.Less(t, next, 4900)
}

// A restart of all servers, one after the other, is not a new stream.
func TestFollowSurvivesRestartsOfServers(t *testing.T) {
	servers, err := cluster.Start(t.TempDir(), 3)
	require.NoError(t, err)
	defer func() { assert.NoError(t, servers.Stop()) }()
	js := connect(t, servers.URL())
	log := openLog(t, js, natsjs.StreamConfig{Replicas: 3}, jetstream.LogConfig{})
	require.NoError(t, log.Append(t.Context(), numbered(1, 1)))
	restarted := 0
	var got []string
	for e, err := range log.Follow("")(t.Context()) {
		require.NoError(t, err)
		got = append(got, e.ID)
		if restarted == 3 {
			break
		}
		servers.StopServer(restarted)
		require.NoError(t, servers.StartServer(restarted))
		require.NoError(t, servers.WaitForLeader())
		restarted++
		next := numbered(restarted+1, restarted+1)
		require.Eventually(t, func() bool { return log.Append(t.Context(), next) == nil }, time.Minute, 10*time.Millisecond)
	}
	assert.Equal(t, []string{"1", "2", "3", "4"}, got)
}
