package fanout

import (
	"context"
	"net/http"

	"github.com/r3labs/sse/v2"
	gosse "github.com/tmaxmax/go-sse"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// A server sends events to all clients that are connected to it, and loses none.
type server struct {
	name  string
	about string
	start func() (events http.Handler, publish func(kind, data string) error)
}

func servers() []server {
	return []server{ours(), tmaxmax(), r3labs()}
}

func ours() server {
	return server{
		name:  "rxsse",
		about: "sink.Broadcaster, which waits for slow clients as the others do; each client has a goroutine that is woken once a millisecond at most and writes all events since then at once; a client that does not read holds up no other before the history is full",
		start: func() (http.Handler, func(string, string) error) {
			b := sink.NewBroadcaster(sink.WithSlowClients(sink.WaitForClients))
			return b, func(kind, data string) error {
				return b.Send(context.Background(), codec.Event{Type: kind, Data: data})
			}
		},
	}
}

func tmaxmax() server {
	return server{
		name:  "tmaxmax/go-sse",
		about: "its server with its provider Joe, which writes to one client after the other on one goroutine: cheap while all of them read, and stopped for all by one that does not",
		start: func() (http.Handler, func(string, string) error) {
			s := &gosse.Server{}
			return s, func(kind, data string) error {
				m := &gosse.Message{Type: gosse.Type(kind)}
				m.AppendData(data)
				return s.Publish(m)
			}
		},
	}
}

func r3labs() server {
	return server{
		name:  "r3labs/sse",
		about: "without its replay, which keeps all events for ever",
		start: func() (http.Handler, func(string, string) error) {
			s := sse.New()
			s.AutoReplay = false
			s.CreateStream(stream)
			return s, func(kind, data string) error {
				s.Publish(stream, &sse.Event{Event: []byte(kind), Data: []byte(data)})
				return nil
			}
		},
	}
}

// stream is the name of the one stream, which r3labs' server asks for.
const stream = "events"
