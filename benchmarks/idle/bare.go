package idle

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/rxsse/rxsse/benchmarks/client"
)

// bare returns a client that reads the body of a response and looks for its first event.
func bare() client.Client {
	return client.Client{
		Name: "net/http",
		Read: func(ctx context.Context, url string, each func(string, []byte) bool) error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
			if err != nil {
				return err
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				return fmt.Errorf("the server says %s", resp.Status)
			}
			part := make([]byte, 512)
			for {
				n, err := resp.Body.Read(part)
				if err != nil {
					return err
				}
				if bytes.HasSuffix(part[:n], []byte("\n\n")) && !each("", part[:n]) {
					return nil
				}
			}
		},
	}
}
