package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse/metrics"
	rxsseprom "github.com/rxsse/rxsse/prometheus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The program prints spans and figures, and no possible figure is missing.
func TestRun(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, "127.0.0.1:0", 2500*time.Millisecond))
	assert.Regexp(t, `^running for 2.5s, with the metrics at http://127.0.0.1:\d+/metrics; `, out.String())
	spans, figures, found := strings.Cut(out.String(), "what Prometheus would have got")
	require.True(t, found)
	assert.GreaterOrEqual(t, strings.Count(spans, "\nsse trades "), 2, "spans")
	assert.Contains(t, spans, "rxsse.outcome=broken")
	for _, d := range metrics.Definitions() {
		name := rxsseprom.Name(d)
		if d.Kind == metrics.Histogram {
			name += "_bucket"
		}
		assert.Contains(t, figures, "\n"+name+"{", "no value")
	}
	assert.NotContains(t, figures, `rxsse_buffer_dropped_items_total{stream="store"} 0`)
}

// A failed write of the output is an error.
func TestRunReportsAFailedWrite(t *testing.T) {
	reader, writer := io.Pipe()
	require.NoError(t, reader.Close())
	assert.ErrorIs(t, run(t.Context(), writer, "127.0.0.1:0", 100*time.Millisecond), io.ErrClosedPipe)
}

func TestAddressInUse(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	assert.ErrorContains(t, run(t.Context(), io.Discard, listener.Addr().String(), time.Second), "address already in use")
}

// The dashboard follows Grafana's schema, and queries only metrics that the program exports.
func TestDashboard(t *testing.T) {
	text, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	var board dashboard.Dashboard                                                             //nolint:staticcheck // the file has the classic schema, not that of v2
	require.Empty(t, board.UnmarshalJSONStrict(text), "fields that the schema does not know") // an empty list of errors
	require.NoError(t, board.Validate())
	assert.Len(t, board.Panels, 14)

	exported := map[string]bool{}
	for _, d := range metrics.Definitions() {
		exported[rxsseprom.Name(d)] = true
	}
	var parsed struct {
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &parsed))
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, p := range parsed.Panels {
		assert.False(t, ids[p.ID], "two panels have the id %d", p.ID)
		ids[p.ID] = true
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				cell := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				assert.Less(t, cell[0], 24, p.Title)
				assert.Empty(t, cells[cell], "%s overlaps", p.Title)
				cells[cell] = p.Title
			}
		}
		assert.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			names := regexp.MustCompile(`rxsse_\w+`).FindAllString(target.Expr, -1)
			assert.NotEmpty(t, names, target.Expr)
			for _, name := range names {
				assert.True(t, exported[strings.TrimSuffix(name, "_bucket")], "%s: no metric %s", p.Title, name)
			}
		}
	}
}
