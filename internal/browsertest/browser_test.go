// Package browsertest tests the Broadcaster with the EventSource of a browser and with curl,
// and the page of the dashboard. It is a separate module, so that users of the library need
// not fetch the package that drives the browser.
package browsertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// browse opens a page in a headless browser. Without a browser the test is skipped,
// but not in CI.
func browse(t *testing.T, url string) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome", "headless-shell"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("no browser: install chromium")
		}
		t.Skip("no browser: install chromium")
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(),
		append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path),
			chromedp.NoSandbox, // needed by root, as in a container
			chromedp.DisableGPU,
			chromedp.WindowSize(1200, 900),
			chromedp.Flag("disable-quic", true),
		)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(url)))
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits until a JavaScript expression is true.
func eventually(ctx context.Context, t *testing.T, expression string) {
	t.Helper()
	within(ctx, t, 20*time.Second, expression)
}

// within waits until a JavaScript expression is true, for d at most.
func within(ctx context.Context, t *testing.T, d time.Duration, expression string) {
	t.Helper()
	err := chromedp.Do(ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(d)))
	if err != nil {
		page, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
		require.NoError(t, err, "%s; the page shows:\n%s", expression, page)
	}
}

// evaluate returns the value of a JavaScript expression.
func evaluate[T any](ctx context.Context, t *testing.T, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	require.NoError(t, err)
	return v
}

// serve serves a page with a script, and events under /events.
func serve(t *testing.T, script string, events http.Handler) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/events", events)
	mux.Handle("/{$}", page(script))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/"
}

// page serves a page with a script.
func page(script string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!doctype html><meta charset=utf-8><link rel=icon href=data:,><body><script>" + script + "</script>"))
	})
}
