package jetstream

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Members that have the same work get equal shares, and each piece goes to one of them.
// Where they differ, each piece goes to a member that has it.
func TestAssign(t *testing.T) {
	abc := []string{"a", "b", "c", "d", "e"}
	for name, row := range map[string]struct {
		members map[string][]string
		want    map[string]string // by member
		differ  bool
	}{
		"alone":                       {map[string][]string{"m": abc}, map[string]string{"m": "[a b c d e]"}, false},
		"equal shares":                {map[string][]string{"m": abc, "n": abc, "o": abc}, map[string]string{"m": "[a d]", "n": "[b e]", "o": "[c]"}, false},
		"more members than work":      {map[string][]string{"m": {"a"}, "n": {"a"}}, map[string]string{"m": "[a]", "n": "[]"}, false},
		"nothing in common":           {map[string][]string{"m": {"a"}, "n": {"b"}}, map[string]string{"m": "[a]", "n": "[b]"}, true},
		"a new feed in a new version": {map[string][]string{"m": {"a", "b"}, "n": {"a"}}, map[string]string{"m": "[b]", "n": "[a]"}, true},
		"the new version is second":   {map[string][]string{"m": {"a"}, "n": {"a", "b"}}, map[string]string{"m": "[a]", "n": "[b]"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for member, want := range row.want {
				mine, differ := assign(row.members, member)
				assert.Equal(t, want, fmt.Sprint(mine), member)
				assert.Equal(t, row.differ, differ)
			}
		})
	}
}

// A bucketBehind is a bucket whose server does not show what has just been put.
type bucketBehind struct {
	jetstream.KeyValue

	put []string
}

func (b *bucketBehind) Put(_ context.Context, key string, value []byte) (uint64, error) {
	b.put = append(b.put, key+"="+string(value))
	return 1, nil
}

func (b *bucketBehind) Watch(context.Context, string, ...jetstream.WatchOpt) (jetstream.KeyWatcher, error) {
	updates := make(chan jetstream.KeyValueEntry, 1)
	updates <- nil
	return watcher{updates: updates}, nil
}

type watcher struct {
	jetstream.KeyWatcher

	updates chan jetstream.KeyValueEntry
}

func (w watcher) Updates() <-chan jetstream.KeyValueEntry { return w.updates }
func (w watcher) Stop() error                             { return nil }

// A member counts itself although the server does not show its entry yet: it would get
// no work else.
func TestAMemberCountsItself(t *testing.T) {
	bucket := &bucketBehind{}
	c := &claims{bucket: bucket, names: []string{"a", "b"}, group: Group{Name: "g", Member: "m", TTL: time.Second, Logger: slog.New(slog.DiscardHandler)}}
	members, taken, err := c.list(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"g.member.m=a\nb"}, bucket.put)
	assert.Equal(t, map[string][]string{"m": {"a", "b"}}, members)
	assert.Empty(t, taken)
}

// Work ends a sixth of the TTL before its claim expires.
func TestWorkTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &claims{group: Group{TTL: 6 * time.Second}}
		renewed := time.Now()
		time.Sleep(2 * time.Second)
		assert.Equal(t, 3*time.Second, c.workTime(renewed))
	})
}

// Work that has ended begins again after a tenth of the TTL.
func TestWorkBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		var begun []time.Duration
		c := &claims{group: Group{TTL: 10 * time.Second, Logger: slog.New(slog.DiscardHandler)}, work: func(context.Context, string) error {
			if begun = append(begun, time.Since(start)); len(begun) == 3 {
				cancel()
			}
			return nil
		}}
		c.keepWorking(ctx, "a")
		assert.Equal(t, []time.Duration{0, time.Second, 2 * time.Second}, begun)
	})
}

func TestIsKey(t *testing.T) {
	assert.True(t, isKey("azAZ09-_"))
	for _, c := range "/:@[`{ .*>=ä" {
		assert.False(t, isKey("a"+string(c)), "%q", c)
	}
	assert.False(t, isKey(""))
}

func TestTooOld(t *testing.T) {
	for version, want := range map[string]bool{"2.13.9": true, "v2.9.0": true, "1.4.1": true, "2.14.0": false, "2.15.3": false, "3.0.0": false, "": false, "dev": false} {
		assert.Equal(t, want, tooOld(version), version)
	}
}
