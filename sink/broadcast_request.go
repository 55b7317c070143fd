package sink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	// maxTypes is how many event types a request may name.
	maxTypes = 64
	// refusalRetry is when a refused client comes back, without WithRetry.
	refusalRetry = 5 * time.Second
	// preflightAge is how long a browser may keep the answer to a preflight, in seconds.
	preflightAge = "7200"
)

// A request holds the parameters from the URL and the header.
type request struct {
	lastEventID string
	types       []string // none: all types
}

// parseRequest reads the last event ID and the types. A query that cannot be parsed is an
// error: ignoring the invalid part of a filter would show the client more events than it
// asked for.
func parseRequest(r *http.Request) (request, error) {
	q := request{lastEventID: r.Header.Get("Last-Event-ID")}
	if r.URL.RawQuery == "" {
		return q, nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return q, errors.New("the query cannot be parsed")
	}
	q.types = query["type"]
	if len(q.types) > maxTypes {
		return q, fmt.Errorf("the query names more than %d types", maxTypes)
	}
	if q.lastEventID == "" {
		q.lastEventID = queriedID(r.URL.RawQuery)
	}
	return q, nil
}

// queriedID returns the last event ID in a valid query. The last one wins: a polyfill appends
// it to the URL of the page, which may have one, such as lastEventId=none.
func queriedID(query string) (id string) {
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name, _ = url.QueryUnescape(name); value != "" && isLastEventID(name) {
			id, _ = url.QueryUnescape(value)
		}
	}
	return id
}

// isLastEventID reports whether a query parameter is the last event ID: polyfills, which
// cannot set the header, send lastEventId, lastEventID, Last-Event-ID, last_event_id or
// evs_last_event_id.
func isLastEventID(name string) bool {
	switch strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name)) {
	case "lasteventid", "evslasteventid":
		return true
	default:
		return false
	}
}

// ServeHTTP answers GET with a stream of events and HEAD with the header that GET would
// get. It returns when the client has left or the broadcast has ended.
func (b *Broadcaster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.allowOrigin(w, r)
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		answerPreflight(w, r)
		return
	default:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		b.answerError(w, "use GET to receive events", http.StatusMethodNotAllowed)
		return
	}
	q, err := parseRequest(r)
	if err != nil {
		b.answerError(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !canFlush(w) {
		b.answerError(w, "events cannot be sent: a handler or middleware around the Broadcaster hides http.Flusher", http.StatusInternalServerError)
		return
	}
	if reason := b.noRoom(); reason != "" { // before WithClient is called, which may be costly
		b.refuse(w, r, reason)
		return
	}
	var given ClientConfig
	if b.client != nil {
		if given, err = b.client(r); err != nil {
			b.refuseBecause(w, r, err)
			return
		}
	}
	c := b.newClient(w, r, q, given)
	if r.Method == http.MethodHead {
		b.answerHead(r.Context(), c)
		return
	}
	if reason, hasAll := b.join(c); hasAll {
		b.refused.Add(1)
		w.WriteHeader(http.StatusNoContent)
	} else if reason != "" {
		b.refuse(w, r, reason)
	} else {
		b.serve(r.Context(), c)
	}
}

// answerHead answers as GET would, up to the header.
func (b *Broadcaster) answerHead(ctx context.Context, c *client) {
	if b.hasNothing(c) {
		c.w.WriteHeader(http.StatusNoContent)
		return
	}
	b.mu.Lock()
	b.placeAtJoin(c)
	b.mu.Unlock()
	_ = b.begin(ctx, c) // see open
}

// serve streams to a client that has joined, until it leaves.
func (b *Broadcaster) serve(ctx context.Context, c *client) {
	why, err := LeftPanicked, errors.New("sink: Broadcaster: a function of the caller panicked")
	defer func() { b.leave(c, why, err) }()
	err = b.stream(ctx, c)
	c.finish()
	why = b.reason(ctx, c, err)
}

func (b *Broadcaster) answerError(w http.ResponseWriter, text string, status int) {
	b.refused.Add(1)
	http.Error(w, text, status)
}

// refuse turns a request away temporarily.
func (b *Broadcaster) refuse(w http.ResponseWriter, r *http.Request, reason string) {
	b.refused.Add(1)
	refuse(w, r, jitter(cmp.Or(b.retry, refusalRetry)), reason)
}

// refuseBecause answers a request that the caller's function has refused.
func (b *Broadcaster) refuseBecause(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *Refusal
	switch {
	case !errors.As(err, &refusal):
		b.answerError(w, "internal error", http.StatusInternalServerError)
	case refusal.Status == http.StatusServiceUnavailable, refusal.Status == http.StatusTooManyRequests:
		b.refuse(w, r, refusal.Message)
	case refusal.Status < 400, refusal.Status > 599:
		b.answerError(w, refusal.Message, http.StatusInternalServerError)
	default:
		b.answerError(w, refusal.Message, refusal.Status)
	}
}

// allowOrigin lets the page read the answer, if its origin is allowed.
func (b *Broadcaster) allowOrigin(w http.ResponseWriter, r *http.Request) {
	if len(b.origins) == 0 {
		return
	}
	header := w.Header()
	origin := r.Header.Get("Origin")
	anyOrigin := slices.Contains(b.origins, "*")
	if !anyOrigin || len(b.origins) > 1 {
		header.Add("Vary", "Origin") // a cache must not give the answer to another origin
	}
	switch {
	case origin != "" && slices.Contains(b.origins, origin):
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
	case anyOrigin:
		header.Set("Access-Control-Allow-Origin", "*")
	}
}

// answerPreflight allows the headers that the page names, such as Authorization: a page
// of an allowed origin may send any header. The browser ignores the answer when
// allowOrigin has allowed nothing.
func answerPreflight(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Access-Control-Allow-Methods", "GET, HEAD")
	header.Set("Access-Control-Max-Age", preflightAge)
	allowed := "Last-Event-ID, Cache-Control, Authorization"
	if names := r.Header.Get("Access-Control-Request-Headers"); names != "" {
		allowed = names
	}
	header.Set("Access-Control-Allow-Headers", allowed)
	header.Add("Vary", "Access-Control-Request-Headers")
	w.WriteHeader(http.StatusNoContent)
}
