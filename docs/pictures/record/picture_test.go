package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRecord(t *testing.T) {
	lines, err := record(strings.NewReader("one\r\n\r\n\x1b[1mtwo\x1b[0m  \r\n"))
	require.NoError(t, err)
	var texts []string
	for _, l := range lines {
		texts = append(texts, l.text)
	}
	assert.Equal(t, []string{"one", "", "\x1b[1mtwo\x1b[0m"}, texts)
}

// The picture is well formed, has each text, and moves when a line is printed.
func TestPicture(t *testing.T) {
	svg := picture([]line{
		{0, "$ go"}, {time.Second, "a < b"}, {time.Second, ""}, {2 * time.Second, "\x1b[31m-1 %\x1b[0m m"},
	})
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	assert.Contains(t, svg, ">$ go</text>")
	assert.Contains(t, svg, ">a &lt; b</text>")
	assert.Contains(t, svg, `><tspan class="s31">-1 %</tspan> m</text>`)
	assert.Contains(t, svg, "scroll 8.00s", "two seconds, and six of the end")
	_, curtain, _ := strings.Cut(svg, "@keyframes curtain")
	assert.Equal(t, 3, strings.Count(curtain, "translateY"), "lines of the same moment move once")
	assert.Contains(t, curtain, "12.50% { transform: translateY(57px) }", "below three lines after one of eight seconds")
}

// When the screen is full, the lines move up.
func TestPictureScrolls(t *testing.T) {
	lines := make([]line, rows+2)
	for i := range lines {
		lines[i] = line{time.Duration(i) * time.Second, "x"}
	}
	svg := picture(lines)
	_, frames, _ := strings.Cut(svg, "@keyframes scroll")
	scroll, curtain, _ := strings.Cut(frames, "@keyframes curtain")
	assert.Equal(t, rows, strings.Count(scroll, "translateY(0px)"), "while they fill the screen, they stay")
	assert.Contains(t, scroll, "translateY(-38px)")
	assert.Equal(t, 3, strings.Count(curtain, "translateY(418px)"))
	assert.Contains(t, svg, `id="lines" transform="translate(0 -38)"`, "without animation the end is shown")
}
