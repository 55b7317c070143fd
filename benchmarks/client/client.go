// Package client provides Go's clients of Server-Sent Events behind one interface, each used
// as its documentation advises.
package client

import "context"

// A Client reads events from a server.
type Client struct {
	Name  string
	About string // a note for the report, or empty
	// Read connects to url and calls each for every event. Once each returns false,
	// Read returns nil as soon as the client permits, at the latest when ctx ends. data
	// is valid until each returns.
	Read func(ctx context.Context, url string, each func(kind string, data []byte) bool) error
}

// All returns all clients, ours first.
func All() []Client {
	return []Client{ours(), goSSE(), launchdarkly(), donovanhide(), r3labs()}
}

// limit is the size of the largest event, for clients with such a setting.
const limit = 16 << 20
