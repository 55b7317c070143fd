package browsertest

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDashboardPictures checks the dashboard on desktop and phone, light and dark. With
// BROWSERTEST_PICTURES it waits for full charts and writes the pictures to that folder:
//
//	BROWSERTEST_PICTURES=../../docs/pictures go test -run Pictures
func TestDashboardPictures(t *testing.T) {
	folder := os.Getenv("BROWSERTEST_PICTURES")
	url, _ := start(t, buildDashboard(t), "127.0.0.1:0")
	ctx := browse(t, url)
	enough := "20"
	if folder != "" {
		enough = "224" // 56 seconds of four markets
	}
	within(ctx, t, 90*time.Second, bodies+" >= "+enough)

	for _, c := range []struct {
		name          string
		width, height int64
		columns       int
	}{
		{"dashboard", 1200, 800, 2},
		{"dashboard-phone", 390, 844, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(c.width, c.height)))
			// Drawn for this width.
			eventually(ctx, t, `[...document.querySelectorAll("svg")].every((svg) => Math.abs(svg.viewBox.baseVal.width - svg.getBoundingClientRect().width) < 1)`)
			checkLayout(ctx, t, c.columns)
			light, dark := picture(ctx, t, "light"), picture(ctx, t, "dark")
			assert.Greater(t, brightness(t, light), 200, "light")
			assert.Less(t, brightness(t, dark), 60, "dark")
			if folder != "" {
				require.NoError(t, os.WriteFile(filepath.Join(folder, c.name+"-light.png"), light, 0o600))
				require.NoError(t, os.WriteFile(filepath.Join(folder, c.name+"-dark.png"), dark, 0o600))
			}
		})
	}
}

// checkLayout checks that nothing is cut off, the cards fill the page, and the axes have texts
// that do not overlap.
func checkLayout(ctx context.Context, t *testing.T, columns int) {
	t.Helper()
	assert.LessOrEqual(t, evaluate[int](ctx, t, `document.documentElement.scrollWidth - innerWidth`), 0, "it scrolls sideways")
	assert.Equal(t, columns, evaluate[int](ctx, t, `new Set([...document.querySelectorAll("article")].map((a) => Math.round(a.getBoundingClientRect().x))).size`), "columns")
	if columns == 2 {
		gap := evaluate[float64](ctx, t, `innerHeight - document.querySelector("main").getBoundingClientRect().bottom`)
		assert.InDelta(t, 16, gap, 2, "the cards end at the margin of the page")
	}
	assert.GreaterOrEqual(t, evaluate[int](ctx, t, `parseInt(getComputedStyle(document.querySelector("h1")).fontSize)`), 24, "the headline")
	for _, problem := range evaluate[[]string](ctx, t, axisProblems) {
		assert.Fail(t, problem)
	}
}

// axisProblems is a script that returns what is wrong with the texts of the charts.
const axisProblems = `[...document.querySelectorAll("svg")].flatMap((svg) => {
	const frame = svg.getBoundingClientRect();
	const texts = [...svg.querySelectorAll("text")].map((t) => ({ says: t.textContent, box: t.getBoundingClientRect() }));
	const problems = texts
		.filter(({ box }) => box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1 || box.top < frame.top - 1)
		.map(({ says }) => "cut off: " + says);
	for (const [i, a] of texts.entries())
		for (const b of texts.slice(i + 1))
			if (a.box.left < b.box.right && b.box.left < a.box.right && a.box.top < b.box.bottom - 3 && b.box.top < a.box.bottom - 3)
				problems.push("overlap: " + a.says + " and " + b.says);
	if (texts.filter(({ says }) => /^\d\d:\d\d:\d\d$/.test(says)).length < 2) problems.push("no time");
	if (texts.filter(({ says }) => /^[\d,]+(\.\d+)?$/.test(says)).length < 2) problems.push("no scale");
	return problems;
})`

// picture returns the page in a color scheme, as PNG.
func picture(ctx context.Context, t *testing.T, scheme string) []byte {
	t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	require.NoError(t, chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, media)
		return err
	})))
	file, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	require.NoError(t, err)
	return file
}

// brightness returns the mean of all pixels, from 0 to 255.
func brightness(t *testing.T, file []byte) int {
	t.Helper()
	decoded, err := png.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	bounds := decoded.Bounds()
	sum, pixels := 0, 0
	for p := (image.Point{}); p.Y < bounds.Max.Y; p.Y += 3 {
		for p.X = 0; p.X < bounds.Max.X; p.X += 3 {
			r, g, b, _ := decoded.At(p.X, p.Y).RGBA()
			sum += int(r+g+b) / 3 >> 8
			pixels++
		}
	}
	return sum / pixels
}
