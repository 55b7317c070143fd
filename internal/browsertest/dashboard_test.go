package browsertest

import (
	"bufio"
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
	dashboard := exec.CommandContext(t.Context(), program, "-addr", addr, "-breaks", "1s")
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

// buildDashboard returns the path of the program.
func buildDashboard(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "dashboard")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./examples/dashboard")
	build.Dir = filepath.Join("..", "..")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return program
}

const (
	pageState = `document.querySelector("#here").dataset.state`
	feedState = `document.querySelector("#feed").dataset.state`
	bodies    = `document.querySelectorAll("article svg .body").length`
	prices    = `[...document.querySelectorAll(".price b")].map((b) => b.textContent).join()`
	notes     = `[...document.querySelectorAll(".note:not([hidden])")].map((n) => n.textContent).join()`
	shown     = `[...document.querySelectorAll("article")].filter((a) => a.checkVisibility()).length`
)

// The page as a person uses it: data arrives, a chart is enlarged, the page is paused; the
// server dies and returns, and so does the page.
func TestDashboard(t *testing.T) {
	program := buildDashboard(t)
	url, kill := start(t, program, "127.0.0.1:0")
	ctx := browse(t, url)
	eventually(ctx, t, pageState+` === "live"`)
	eventually(ctx, t, shown+` === 4 && `+bodies+` >= 12`)
	eventually(ctx, t, `Number(document.querySelector("#reconnects").textContent) >= 2`)
	eventually(ctx, t, feedState+` === "live"`)
	assert.Equal(t, "0", evaluate[string](ctx, t, `document.querySelector("#missing").textContent`))
	assert.Regexp(t, `^\d+ trades of 4 markets`, evaluate[string](ctx, t, `document.querySelector("#summary").textContent`))
	assert.Empty(t, evaluate[string](ctx, t, notes), "live prices need no note")

	require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("article h2"))))
	assert.Equal(t, 1, evaluate[int](ctx, t, shown), "enlarged")
	require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS(`article[aria-pressed="true"] h2`))))
	assert.Equal(t, 4, evaluate[int](ctx, t, shown))

	require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pause"))))
	before := evaluate[string](ctx, t, prices)
	assert.Regexp(t, `^(paused \d\d:\d\d:\d\d,?){4}$`, evaluate[string](ctx, t, notes))
	time.Sleep(1500 * time.Millisecond) // a candle of each market arrives in that time
	assert.Equal(t, before, evaluate[string](ctx, t, prices), "paused")
	require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#pause"))))
	eventually(ctx, t, prices+` !== `+strconv.Quote(before))
	assert.Empty(t, evaluate[string](ctx, t, notes))

	kill()
	eventually(ctx, t, pageState+` === "waiting"`)
	assert.Regexp(t, `^(as of \d\d:\d\d:\d\d,?){4}$`, evaluate[string](ctx, t, notes))
	assert.Equal(t, 4, evaluate[int](ctx, t, `document.querySelectorAll("article.stale").length`))
	before = evaluate[string](ctx, t, prices)
	start(t, program, strings.TrimPrefix(url, "http://"))
	eventually(ctx, t, pageState+` === "live"`)
	eventually(ctx, t, prices+` !== `+strconv.Quote(before))
	assert.Empty(t, evaluate[string](ctx, t, notes))
}
