package browsertest

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// start runs the dashboard and returns its address and a way to kill it.
func start(t *testing.T, program, addr string) (url string, kill func()) {
	t.Helper()
	dashboard := exec.CommandContext(t.Context(), program, "-addr", addr, "-breaks", "2s")
	dashboard.Stderr = os.Stderr
	out, err := dashboard.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, dashboard.Start())
	kill = func() {
		_ = dashboard.Process.Kill()
		_ = dashboard.Wait() // killed
	}
	t.Cleanup(kill)
	url, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(url), kill
}

// The page as a person uses it: data comes, charts are enlarged, the page is paused;
// the server dies and comes back, and so does the page.
func TestDashboard(t *testing.T) {
	program := filepath.Join(t.TempDir(), "dashboard")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./examples/dashboard")
	build.Dir = filepath.Join("..", "..")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)

	url, kill := start(t, program, "127.0.0.1:0")
	ctx := browse(t, url)
	const (
		page    = `document.querySelector("#here").dataset.state`
		feed    = `document.querySelector("#feed").dataset.state`
		candles = `Number(document.querySelector("#candles").textContent)`
		bodies  = `document.querySelectorAll("article svg .body").length`
	)
	eventually(ctx, t, page+` === "live"`)
	eventually(ctx, t, `document.querySelectorAll("article").length === 4 && `+bodies+` >= 12`)
	eventually(ctx, t, `Number(document.querySelector("#reconnects").textContent) >= 2`)
	eventually(ctx, t, feed+` === "live"`)
	assert.Equal(t, "0", evaluate[string](ctx, t, `document.querySelector("#missing").textContent`))

	require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("article h2"))))
	assert.Equal(t, "true", evaluate[string](ctx, t, `document.querySelector("article").getAttribute("aria-pressed")`))
	screenshot(ctx, t)

	require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pause"))))
	before := evaluate[int](ctx, t, candles)
	time.Sleep(1500 * time.Millisecond) // a candle each comes in that time
	assert.Equal(t, before, evaluate[int](ctx, t, candles), "paused")
	require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pause"))))
	eventually(ctx, t, candles+` > `+strconv.Itoa(before))

	kill()
	eventually(ctx, t, page+` === "waiting"`)
	start(t, program, strings.TrimPrefix(url, "http://"))
	eventually(ctx, t, page+` === "live"`)
	before = evaluate[int](ctx, t, candles)
	eventually(ctx, t, candles+` > `+strconv.Itoa(before))
}

// screenshot writes what the page looks like to the file that BROWSERTEST_SCREENSHOT
// names, if it names one.
func screenshot(ctx context.Context, t *testing.T) {
	t.Helper()
	path := os.Getenv("BROWSERTEST_SCREENSHOT")
	if path == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, png, 0o600))
}
