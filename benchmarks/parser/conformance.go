package parser

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"

	"github.com/rxsse/rxsse/codec"

	"github.com/rxsse/rxsse/benchmarks/report"
)

// A vector is a stream and its events by the standard.
type vector struct {
	ID     string `json:"id"`
	Input  []byte `json:"input_b64"`
	Events []struct {
		Type        string `json:"type"`
		Data        string `json:"data"`
		LastEventID string `json:"lastEventId"`
	} `json:"events"`
	InitialLastEventID string `json:"initialLastEventId"`
}

// vectorFiles returns the files in the subfolder vectors of RXSSE_CORPUS.
func vectorFiles() []string { return []string{"wpt_vectors.json", "parser_vectors.json"} }

// conformance returns a table of how many test vectors each contender gets right, without
// rows if there are no vectors.
func conformance() (report.Table, error) {
	table := report.Table{Title: "Conformance", Columns: []string{"", "Web Platform Tests", "tests of other parsers", "the first that is wrong"}}
	folder := os.Getenv("RXSSE_CORPUS")
	if folder == "" {
		return table, nil
	}
	var files [][]vector
	for _, name := range vectorFiles() {
		vectors, err := readVectors(filepath.Join(folder, "vectors", name))
		if err != nil {
			return table, err
		}
		files = append(files, vectors)
	}
	for _, one := range contenders() {
		if one.events == nil {
			continue
		}
		row := []string{one.name}
		wrong := ""
		for _, vectors := range files {
			right, first := one.judge(vectors)
			row = append(row, fmt.Sprintf("%d of %d", right, len(vectors)))
			if wrong == "" {
				wrong = first
			}
		}
		table.Rows = append(table.Rows, append(row, wrong))
	}
	return table, nil
}

// readVectors returns the vectors of a file, without those that begin with a last event ID,
// which not every decoder accepts.
func readVectors(path string) (vectors []vector, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Vectors []vector `json:"vectors"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, v := range file.Vectors {
		if v.InitialLastEventID == "" {
			vectors = append(vectors, v)
		}
	}
	return vectors, nil
}

// judge returns how many vectors a contender gets right, and its first mistake.
func (one contender) judge(vectors []vector) (right int, first string) {
	for _, v := range vectors {
		var want []codec.Event
		for _, e := range v.Events {
			want = append(want, codec.Event{Type: e.Type, Data: e.Data, ID: e.LastEventID})
		}
		verdict := corpus{streams: [][]byte{v.Input}}.verdict(one, [][]codec.Event{want})
		if verdict == same {
			right++
		} else if first == "" {
			first = v.ID + ": " + verdict
		}
	}
	return right, first
}
