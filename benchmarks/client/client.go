// Package client has Go's clients of Server-Sent Events behind one face, each
// used as its documentation advises.
package client

import "context"

// A Client reads events from a server.
type Client struct {
	Name  string
	About string // what has to be known of it, empty where nothing is
	// Read connects to url and calls each for every event. When each returns false
	// it returns nil, as soon as the client lets it, and ends with ctx at the
	// latest. The bytes belong to each until it returns.
	Read func(ctx context.Context, url string, each func(kind string, data []byte) bool) error
}

// All are the clients that take part, ours first.
func All() []Client {
	return []Client{ours(), goSSE(), launchdarkly(), donovanhide(), r3labs()}
}

// limit is the size of the largest event, for the clients that have such a
// setting.
const limit = 16 << 20
