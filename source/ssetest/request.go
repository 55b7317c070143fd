package ssetest

import (
	"io"
	"net/http"
	"time"
)

// A Request is a request that a [Server] received.
type Request struct {
	// Time is when the request arrived.
	Time   time.Time
	Method string
	// Host is the host the client asked for.
	Host string
	// URL is the path and the query.
	URL    string
	Header http.Header
	// LastEventID is the value of the Last-Event-ID header. HasLastEventID is true even if
	// the value is empty.
	LastEventID    string
	HasLastEventID bool
	// Body is the request's body, up to 1 MB.
	Body []byte
	// ContentLength is that of the request, or -1 if unknown.
	ContentLength int64
}

const maxLoggedBody = 1 << 20

func newRequest(r *http.Request) Request {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxLoggedBody))
	// net/http notices that the client has left only after the whole body is read.
	_, _ = io.Copy(io.Discard, r.Body)
	return Request{
		Time:           time.Now(),
		Method:         r.Method,
		Host:           r.Host,
		URL:            r.URL.String(),
		Header:         r.Header.Clone(),
		LastEventID:    r.Header.Get("Last-Event-ID"),
		HasLastEventID: len(r.Header["Last-Event-Id"]) > 0,
		Body:           body,
		ContentLength:  r.ContentLength,
	}
}
