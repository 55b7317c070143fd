package client

import (
	"context"
	"net/http"

	"github.com/tmaxmax/go-sse"
)

// GoSSE is the name of tmaxmax/go-sse.
const GoSSE = "tmaxmax/go-sse"

func goSSE() Client {
	return Client{
		Name: GoSSE,
		Read: func(ctx context.Context, url string, each func(string, []byte) bool) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
			if err != nil {
				return err
			}
			conn := sse.NewConnection(req)
			conn.Buffer(nil, limit)
			done := false
			conn.SubscribeToAll(func(e sse.Event) {
				if !done && !each(e.Type, []byte(e.Data)) {
					done = true
					cancel()
				}
			})
			if err := conn.Connect(); err != nil && !done {
				return err
			}
			return nil
		},
	}
}
