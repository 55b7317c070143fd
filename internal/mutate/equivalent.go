package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"path/filepath"
	"strings"
)

// equivalents lists the mutants that no test can detect, one per line: file, function, line
// of code, old text, new text and the reason, separated by tabs.
//
//go:embed equivalent.txt
var equivalents string

// isEquivalent reports whether equivalent.txt lists the mutant.
func isEquivalent(s site) bool {
	key := fmt.Sprintf("%s\t%s\t%s\t%q\t%q\t", filepath.ToSlash(filepath.Clean(s.file)), s.function, s.code, s.old, s.text)
	lines := bufio.NewScanner(strings.NewReader(equivalents))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), key) {
			return true
		}
	}
	return false
}
