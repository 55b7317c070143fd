package sink

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// A BroadcastOption changes how a [Broadcaster] works.
type BroadcastOption func(*broadcastOptions)

type broadcastOptions struct {
	events       int
	bytes        int64
	age          time.Duration
	slow         SlowClients
	heartbeat    time.Duration
	retry        time.Duration
	writeTimeout time.Duration
	maxClients   int
	origins      []string
}

// WithHistory bounds the history: how many events it holds, and of how many bytes in
// wire form. The history is what clients that come back are given, and how far a
// connected client may be behind. The default is 1024 events and 8 MiB; an event
// larger than that is held alone. Numbers that are not positive panic.
func WithHistory(events int, bytes int64) BroadcastOption {
	if events <= 0 || bytes <= 0 {
		panic(fmt.Sprintf("sink: WithHistory: events and bytes must be positive, got %d and %d", events, bytes))
	}
	return func(o *broadcastOptions) { o.events, o.bytes = events, bytes }
}

// WithHistoryAge forgets events that are older than d, whether or not there is room
// for them. The default is not to. A d that is not positive panics.
func WithHistoryAge(d time.Duration) BroadcastOption {
	if d <= 0 {
		panic(fmt.Sprintf("sink: WithHistoryAge: d must be positive, got %v", d))
	}
	return func(o *broadcastOptions) { o.age = d }
}

// SlowClients says what happens to a client that is so far behind that the next
// event for it is about to be forgotten.
type SlowClients int

const (
	// DisconnectClients ends its stream. It comes back by itself, and is given the
	// history. This is the default.
	DisconnectClients SlowClients = iota
	// SkipEvents lets it go on with the oldest event that is held: it misses some.
	SkipEvents
	// WaitForClients makes whoever publishes wait for it: nobody misses anything, and
	// the slowest client sets the pace for all, until [WithWriteTimeout] ends it.
	WaitForClients
)

// WithSlowClients says what happens to clients that are too slow.
func WithSlowClients(policy SlowClients) BroadcastOption {
	return func(o *broadcastOptions) { o.slow = policy }
}

// WithHeartbeat sends a comment after d without an event, so that proxies do not
// end the connection and clients that are gone are noticed. The default is 15 s. A d
// that is not positive panics.
func WithHeartbeat(d time.Duration) BroadcastOption {
	if d <= 0 {
		panic(fmt.Sprintf("sink: WithHeartbeat: d must be positive, got %v", d))
	}
	return func(o *broadcastOptions) { o.heartbeat = d }
}

// WithRetry tells each client how long to wait before it comes back after its
// connection has ended, in whole milliseconds. By default clients wait as they like,
// browsers a few seconds. A d of less than a millisecond panics.
func WithRetry(d time.Duration) BroadcastOption {
	if d < time.Millisecond {
		panic(fmt.Sprintf("sink: WithRetry: d must be at least a millisecond, got %v", d))
	}
	return func(o *broadcastOptions) { o.retry = d }
}

// WithWriteTimeout disconnects a client to which nothing could be written for d, or,
// since the clock is not read for every event, for up to twice that. The default is
// 10 s. A d that is not positive panics.
func WithWriteTimeout(d time.Duration) BroadcastOption {
	if d <= 0 {
		panic(fmt.Sprintf("sink: WithWriteTimeout: d must be positive, got %v", d))
	}
	return func(o *broadcastOptions) { o.writeTimeout = d }
}

// WithMaxClients refuses more than n clients at a time with status 503 and
// Retry-After. The default is no limit. An n that is not positive panics.
func WithMaxClients(n int) BroadcastOption {
	if n <= 0 {
		panic(fmt.Sprintf("sink: WithMaxClients: n must be positive, got %d", n))
	}
	return func(o *broadcastOptions) { o.maxClients = n }
}

// WithOrigins lets pages of other origins read the events, such as
// "https://app.example", with cookies and other credentials, or, with "*", any page,
// without credentials (CORS). By default no other origin may.
func WithOrigins(origins ...string) BroadcastOption {
	origins = slices.Clone(origins)
	return func(o *broadcastOptions) { o.origins = origins }
}

// allowOrigin tells the browser whether the page may read the answer.
func (o *broadcastOptions) allowOrigin(w http.ResponseWriter, r *http.Request) {
	if len(o.origins) == 0 {
		return
	}
	header := w.Header()
	origin := r.Header.Get("Origin")
	switch {
	case origin != "" && slices.Contains(o.origins, origin):
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
		header.Add("Vary", "Origin")
	case slices.Contains(o.origins, "*"):
		header.Set("Access-Control-Allow-Origin", "*")
	default:
		header.Add("Vary", "Origin")
	}
}
