package client

import (
	"context"
	"net/http"

	"github.com/launchdarkly/eventsource"
)

func launchdarkly() Client {
	return Client{
		Name:  "launchdarkly/eventsource",
		About: "reads lines on one goroutine and events on another; events come through an unbuffered channel",
		Read: func(ctx context.Context, url string, each func(string, []byte) bool) error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
			if err != nil {
				return err
			}
			stream, err := eventsource.SubscribeWithRequestAndOptions(req)
			if err != nil {
				return err
			}
			defer stream.Close()
			for {
				select {
				case e := <-stream.Events:
					if !each(e.Event(), []byte(e.Data())) {
						return nil
					}
				case err := <-stream.Errors:
					return err
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
		},
	}
}
