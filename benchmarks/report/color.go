package report

import (
	"slices"
	"strings"
)

// A shade is a colour on a light page and on a dark one.
type shade struct{ light, dark string }

// contenders are the names, or prefixes of names, with a fixed colour in all charts. A longer
// name precedes its prefix.
var contenders = []struct {
	name  string
	shade shade
}{
	{"rxsse, owned", shade{"#57b894", "#7fd9b5"}},
	{"rxsse", shade{"#0b6e4f", "#2fbf8f"}},
	{"tmaxmax/go-sse", shade{"#d1495b", "#f0788a"}},
	{"r3labs/sse", shade{"#d9902f", "#f2b45c"}},
	{"launchdarkly", shade{"#30638e", "#6aa6d9"}},
	{"donovanhide", shade{"#8d6a9f", "#bf9bd3"}},
	{"samber/ro", shade{"#7b3f9d", "#b57edc"}},
	{"RxGo, buffered", shade{"#e58bb4", "#f9bcd8"}},
	{"RxGo", shade{"#c2417f", "#ee7fb5"}},
	{"reugn", shade{"#4a7c8c", "#7fb8c9"}},
	{"hand-written loop", shade{"#8a8a8a", "#a8a8a8"}},
	{"map by hand", shade{"#8a8a8a", "#a8a8a8"}},
	{"bufio", shade{"#8a8a8a", "#a8a8a8"}},
	{"encoding/json/v2", shade{"#b0b04a", "#d6d67a"}},
	{"encoding/json", shade{"#5b5b5b", "#c9c9c9"}},
	{"go-json-experiment", shade{"#0b6e4f", "#2fbf8f"}},
	{"goccy", shade{"#d1495b", "#f0788a"}},
	{"segmentio", shade{"#d9902f", "#f2b45c"}},
	{"bytedance/sonic, as", shade{"#6aa6d9", "#9cc9ef"}},
	{"bytedance", shade{"#30638e", "#4f8fc7"}},
}

// others are the colours of series that are not contenders, such as a step of a table.
var others = []shade{
	{"#355c7d", "#7aa7d0"},
	{"#c06c84", "#e29bb0"},
	{"#f67280", "#ff9aa5"},
	{"#6c5b7b", "#a593b5"},
	{"#99a03b", "#c8d06a"},
}

func shades() []shade {
	var all []shade
	for _, c := range contenders {
		all = append(all, c.shade)
	}
	return append(all, others...)
}

// colorsOf returns for each series the index of its colour in shades. No two share one.
func colorsOf(all []Series) []int {
	var colors []int
	next := 0
	for _, series := range all {
		color := -1
		for i, c := range contenders {
			if strings.HasPrefix(series.Name, c.name) && !slices.Contains(colors, i) {
				color = i
				break
			}
		}
		if color < 0 {
			color = len(contenders) + next%len(others)
			next++
		}
		colors = append(colors, color)
	}
	return colors
}
