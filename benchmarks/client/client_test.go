package client_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/benchmarks/client"
)

func TestEveryClientReadsTheSame(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 100 {
			fmt.Fprintf(w, "event: trade\nid: %d\ndata: {\"n\":%d,\ndata: \"more\":true}\n\n", i, i)
		}
		fmt.Fprint(w, "event: end\ndata: x\n\n")
		assert.NoError(t, http.NewResponseController(w).Flush())
		<-r.Context().Done()
	}))
	t.Cleanup(func() {
		server.CloseClientConnections() // not every client disconnects
		server.Close()
	})
	for _, c := range client.All() {
		t.Run(c.Name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			var got []string
			require.NoError(t, c.Read(ctx, server.URL, func(kind string, data []byte) bool {
				got = append(got, kind+" "+string(data))
				return kind != "end"
			}))
			require.Len(t, got, 101)
			assert.Equal(t, "trade {\"n\":7,\n\"more\":true}", got[7])
			assert.Equal(t, "end x", got[100])
		})
	}
}
