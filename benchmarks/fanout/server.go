package fanout

import (
	"context"
	"net/http"

	"github.com/r3labs/sse/v2"
	gosse "github.com/tmaxmax/go-sse"

	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/sink"
)

// A Server sends events to all connected clients, and loses none.
type Server struct {
	Name  string
	About string
	// Start starts a server: events handles clients, and publish sends an event to all of them.
	Start func() (events http.Handler, publish func(kind, data string) error)
}

// Servers returns all servers, ours first.
func Servers() []Server {
	return []Server{ours(), tmaxmax(), r3labs()}
}

func ours() Server {
	return Server{
		Name:  "rxsse",
		About: "sink.Broadcaster, which waits for slow clients as the others do; each client has a goroutine that is woken once a millisecond at most and writes all events since then at once; a client that does not read holds up no other before the history is full",
		Start: func() (http.Handler, func(string, string) error) {
			b := sink.NewBroadcaster(sink.WithSlowClients(sink.WaitForClients))
			return b, func(kind, data string) error {
				return b.Send(context.Background(), codec.Event{Type: kind, Data: data})
			}
		},
	}
}

func tmaxmax() Server {
	return Server{
		Name:  "tmaxmax/go-sse",
		About: "its server with its provider Joe, which writes to one client after the other on one goroutine: cheap while all of them read, and stopped for all by one that does not",
		Start: func() (http.Handler, func(string, string) error) {
			s := &gosse.Server{}
			return s, func(kind, data string) error {
				m := &gosse.Message{Type: gosse.Type(kind)}
				m.AppendData(data)
				return s.Publish(m)
			}
		},
	}
}

func r3labs() Server {
	return Server{
		Name:  "r3labs/sse",
		About: "without its replay, which keeps all events forever",
		Start: func() (http.Handler, func(string, string) error) {
			s := sse.New()
			s.AutoReplay = false
			s.CreateStream(Stream)
			return s, func(kind, data string) error {
				s.Publish(Stream, &sse.Event{Event: []byte(kind), Data: []byte(data)})
				return nil
			}
		},
	}
}

// Stream is the name of the only stream. Clients of r3labs' server pass it in the query parameter stream.
const Stream = "events"
