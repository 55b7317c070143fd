package rxssetest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// goroutine names the calling goroutine: "goroutine 7".
func goroutine() string {
	var buf [64]byte
	head := string(buf[:runtime.Stack(buf[:], false)])
	name, _, _ := strings.Cut(head, " [")
	return name
}

// others returns the stacks of the goroutines in the caller's bubble, apart from
// the caller's own, by the goroutines' names.
func others(t *testing.T) map[string]string {
	t.Helper()
	all := stacks()
	here := bubbleOf(all[0])
	if here == "" {
		t.Fatal("rxssetest: this must run inside a synctest bubble")
	}
	found := map[string]string{}
	for _, s := range all[1:] {
		if bubbleOf(s) == here {
			name, _, _ := strings.Cut(s, " [")
			found[name] = s
		}
	}
	return found
}

// requireNoneLeft checks that the bubble holds no goroutines but those of before.
func requireNoneLeft(t *testing.T, before map[string]string) {
	t.Helper()
	for name, stack := range others(t) {
		if _, known := before[name]; !known {
			t.Errorf("goroutine left behind:\n%s", stack)
		}
	}
}

// stacks returns the stack of each goroutine, the caller's first.
func stacks() []string {
	buf := make([]byte, 1<<16)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			return strings.Split(string(buf[:n]), "\n\n")
		}
		buf = make([]byte, 2*len(buf))
	}
}

// bubbleOf returns the bubble named in the head of a stack, such as "synctest
// bubble 3", or "" for a goroutine outside any.
func bubbleOf(stack string) string {
	head, _, _ := strings.Cut(stack, "\n")
	_, rest, found := strings.Cut(head, "synctest bubble ")
	if !found {
		return ""
	}
	var id int
	if _, err := fmt.Sscanf(rest, "%d", &id); err != nil {
		return ""
	}
	return fmt.Sprintf("synctest bubble %d", id)
}
