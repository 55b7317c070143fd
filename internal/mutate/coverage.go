package main

import (
	"bufio"
	"fmt"
	"os"
	"path"
	"strings"
)

// A block is a range of lines that a test ran.
type block struct{ first, last int }

// readCoverage returns the blocks that ran, by the base name of their file.
func readCoverage(profile string) (map[string][]block, error) {
	f, err := os.Open(profile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	blocks := map[string][]block{}
	lines := bufio.NewScanner(f)
	lines.Scan() // "mode: set"
	for lines.Scan() {
		// example.com/module/file.go:12.34,15.2 3 1
		file, rest, _ := strings.Cut(lines.Text(), ":")
		var b block
		var column, statements, count int
		if _, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d", &b.first, &column, &b.last, &column, &statements, &count); err != nil {
			return nil, fmt.Errorf("%s: line %q: %w", profile, lines.Text(), err)
		}
		if count > 0 {
			blocks[path.Base(file)] = append(blocks[path.Base(file)], b)
		}
	}
	return blocks, lines.Err()
}

func covers(blocks []block, line int) bool {
	for _, b := range blocks {
		if b.first <= line && line <= b.last {
			return true
		}
	}
	return false
}
