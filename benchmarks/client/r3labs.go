package client

import (
	"context"

	"github.com/r3labs/sse/v2"
)

func r3labs() Client {
	return Client{
		Name:  "r3labs/sse",
		About: "parses on one goroutine and calls back on another; does not end with its context but tries to connect again, so it is left behind",
		Read: func(ctx context.Context, url string, each func(string, []byte) bool) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			ended := make(chan error, 1)
			finished := make(chan struct{})
			go func() {
				done := false
				c := sse.NewClient(url, sse.ClientMaxBufferSize(limit))
				ended <- c.SubscribeRawWithContext(ctx, func(e *sse.Event) {
					if !done && !each(string(e.Event), e.Data) {
						done = true
						close(finished)
					}
				})
			}()
			select {
			case <-finished:
				return nil
			case err := <-ended:
				return err
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		},
	}
}
