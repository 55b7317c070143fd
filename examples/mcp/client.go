package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/source"
)

// protocolVersion is the newest revision of MCP that this client supports.
const protocolVersion = "2025-06-18"

// maxBody bounds a JSON answer, as source bounds events.
const maxBody = 16 << 20

// ErrSessionExpired means that the server no longer knows the session. Connect again.
var ErrSessionExpired = errors.New("the server has ended the session; connect again")

// A Client is a session with an MCP server over Streamable HTTP. It is safe for concurrent
// use.
//
// https://modelcontextprotocol.io/specification/2025-06-18/basic/transports
type Client struct {
	// Handle, if not nil, is called with each notification that belongs to a call, on the
	// caller's goroutine. Its error ends the call.
	Handle func(Message) error
	// Resumed, if not nil, is called when the stream of a call has broken and continues
	// after the event with this ID.
	Resumed func(lastEventID string)

	address string
	idle    time.Duration
	header  http.Header
	http    *http.Client
	stream  *source.Client
	calls   atomic.Int64
}

// NewClient returns a client for the server at address. Its requests have the fields of
// header, such as Authorization. A stream that is silent for idle is resumed.
func NewClient(address string, header http.Header, idle time.Duration) *Client {
	c := &Client{
		address: address,
		idle:    idle,
		header:  http.Header{},
		http:    &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	maps.Copy(c.header, header)
	c.stream = source.NewClient(source.WithIdleTimeout(idle), source.WithPrepare(func(r *http.Request) error {
		c.setHeader(r)
		r.Header.Set("Accept", "text/event-stream")
		return nil
	}))
	return c
}

func (c *Client) setHeader(r *http.Request) {
	maps.Copy(r.Header, c.header)
}

// Connect opens the session. Call it first.
func (c *Client) Connect(ctx context.Context) error {
	var result struct {
		Version string `json:"protocolVersion"`
	}
	resp, err := c.call(ctx, "initialize", map[string]any{
		"protocolVersion": protocolVersion,
		"capabilities":    map[string]any{},
		"clientInfo":      map[string]string{"name": "rxsse-example", "version": "1"},
	}, &result)
	if err != nil {
		return err
	}
	if id := resp.Get("Mcp-Session-Id"); id != "" { // a server without sessions sends none
		c.header.Set("Mcp-Session-Id", id)
	}
	c.header.Set("Mcp-Protocol-Version", result.Version)
	return c.send(ctx, Message{Method: "notifications/initialized"})
}

// Call sends a request and decodes its result. The server answers with JSON or with a
// stream, which first delivers notifications such as progress. When that stream breaks,
// Call resumes it; the request is never sent twice.
func (c *Client) Call(ctx context.Context, method string, params, result any) error {
	_, err := c.call(ctx, method, params, result)
	return err
}

func (c *Client) call(ctx context.Context, method string, params, result any) (http.Header, error) {
	request := Message{ID: jsontext.Value(strconv.FormatInt(c.calls.Add(1), 10)), Method: method}
	var err error
	if request.Params, err = json.Marshal(params); err != nil {
		return nil, err
	}
	resp, err := c.post(ctx, request)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	for m, err := range c.messages(ctx, resp) {
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", method, err)
		case m.Method != "":
			if err := c.receive(ctx, m); err != nil {
				return nil, err
			}
		case !bytes.Equal(m.ID, request.ID): // of another call: some servers replay the whole session
		case m.Error != nil:
			return nil, fmt.Errorf("%s: %w", method, m.Error)
		default:
			return resp.Header, json.Unmarshal(m.Result, result)
		}
	}
	return nil, fmt.Errorf("%s: the stream ends without the response", method)
}

// receive handles a notification, and refuses a request of the server, because this client
// offers no functions.
func (c *Client) receive(ctx context.Context, m Message) error {
	switch {
	case m.ID == nil && c.Handle != nil:
		return c.Handle(m)
	case m.ID == nil:
		return nil
	case m.Method == "ping":
		return c.send(ctx, Message{ID: m.ID, Result: jsontext.Value("{}")})
	default:
		return c.send(ctx, Message{ID: m.ID, Error: &RPCError{Code: methodNotFound, Message: "method not found"}})
	}
}

// messages returns the messages of a response: one in JSON, or a stream.
func (c *Client) messages(ctx context.Context, resp *http.Response) iter.Seq2[Message, error] {
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if mediaType == "text/event-stream" {
		return decode(c.resumed(resp))(ctx)
	}
	return func(yield func(Message, error) bool) {
		switch contentType := resp.Header.Get("Content-Type"); {
		case mediaType == "application/json":
		case contentType == "":
			yield(Message{}, fmt.Errorf("the server accepts the call but sends no response: status %s", resp.Status))
			return
		default:
			yield(Message{}, fmt.Errorf("want JSON or an event stream, got Content-Type %q", contentType))
			return
		}
		var m Message
		err := json.UnmarshalRead(io.LimitReader(resp.Body, maxBody), &m)
		yield(m, err)
	}
}

// resumed returns the events of resp. When the connection breaks, the stream continues with
// a GET after the last event.
func (c *Client) resumed(resp *http.Response) rxsse.Observable[codec.Event] {
	return func(ctx context.Context) iter.Seq2[codec.Event, error] {
		return func(yield func(codec.Event, error) bool) {
			id := ""
			for e, err := range source.FromResponse(resp, source.WithIdleTimeout(c.idle))(ctx) {
				if err != nil {
					break
				}
				if id = e.ID; !yield(e, nil) {
					return
				}
			}
			switch {
			case ctx.Err() != nil:
				yield(codec.Event{}, context.Cause(ctx))
			case id == "": // the server cannot resume
				yield(codec.Event{}, io.ErrUnexpectedEOF)
			default:
				if c.Resumed != nil {
					c.Resumed(id)
				}
				c.stream.Observe(c.address, source.WithLastEventID(id))(ctx)(yield)
			}
		}
	}
}

// Listen returns the messages that belong to no call. It reconnects and resumes forever. A
// server without such messages refuses it with status 405.
func (c *Client) Listen() rxsse.Observable[Message] {
	return decode(c.stream.Observe(c.address))
}

// decode drops events without data: they only give the client an ID to resume after.
func decode(events rxsse.Observable[codec.Event]) rxsse.Observable[Message] {
	return operators.DecodeJSON[Message](operators.Filter(events, func(e codec.Event) bool { return e.Data != "" }))
}

// send sends a message without a response.
func (c *Client) send(ctx context.Context, m Message) error {
	resp, err := c.post(ctx, m)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// Close ends the session. A server that ends sessions itself may answer 405.
func (c *Client) Close(ctx context.Context) error {
	if c.header.Get("Mcp-Session-Id") == "" {
		return nil
	}
	resp, err := c.do(ctx, http.MethodDelete, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 && resp.StatusCode != http.StatusMethodNotAllowed && resp.StatusCode != http.StatusNotFound {
		return refusal(resp)
	}
	return nil
}

func (c *Client) post(ctx context.Context, m Message) (*http.Response, error) {
	m.Version = "2.0"
	body, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	resp, err := c.do(ctx, http.MethodPost, body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 == 2 { // 202 for a message without a response; some servers say 204
		return resp, nil
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound && c.header.Get("Mcp-Session-Id") != "" {
		return nil, ErrSessionExpired
	}
	return nil, refusal(resp)
}

func (c *Client) do(ctx context.Context, method string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	c.setHeader(r)
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(r)
	var failed *url.Error
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &failed):
		return nil, fmt.Errorf("%s: %w", method, failed.Err) // without the URL: its query may hold a key
	}
	return resp, err
}

// refusal returns the error for a status that is not 2xx.
func refusal(resp *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
	return fmt.Errorf("the server refuses: status %s: %q", resp.Status, bytes.TrimSpace(body))
}
