package client

import (
	"context"

	"github.com/rxsse/rxsse/source"
)

func ours() Client {
	return Client{
		Name: "rxsse",
		Read: func(ctx context.Context, url string, each func(string, []byte) bool) error {
			for e, err := range source.SSE(url, source.WithMaxEventSize(limit))(ctx) {
				if err != nil {
					return err
				}
				if !each(e.Type, []byte(e.Data)) {
					break
				}
			}
			return nil
		},
	}
}
