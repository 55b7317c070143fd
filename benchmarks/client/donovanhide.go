package client

import (
	"context"
	"net/http"

	"github.com/donovanhide/eventsource"
)

func donovanhide() Client {
	return Client{
		Name:  "donovanhide/eventsource",
		About: "events come through an unbuffered channel",
		Read: func(ctx context.Context, url string, each func(string, []byte) bool) error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
			if err != nil {
				return err
			}
			stream, err := eventsource.SubscribeWithRequest("", req)
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
