// Package child runs a part of a benchmark in its own process, to measure its cost apart
// from the rest.
package child

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// role is the environment variable with the name of a child's part; only children have it.
const role = "RXSSE_BENCHMARK_CHILD"

// A Part is the work of a child. It gets its arguments in JSON; its result is encoded in
// JSON.
type Part func(arguments []byte) (result any, err error)

// Main runs the part that this process was started for and exits. In a process that is not
// a child it returns at once. Call it first in main and TestMain.
func Main(parts map[string]Part) {
	name := os.Getenv(role)
	if name == "" {
		return
	}
	if err := serve(parts[name]); err != nil {
		fmt.Fprintf(os.Stderr, "child %s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// answer is what a child writes.
type answer[R any] struct {
	Result R     `json:"result"`
	Peak   int64 `json:"peak"`
}

func serve(part Part) error {
	if part == nil {
		return fmt.Errorf("there is no such part")
	}
	arguments, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	result, err := part(arguments)
	if err != nil {
		return err
	}
	return json.MarshalWrite(os.Stdout, answer[any]{Result: result, Peak: peak()})
}

// A Usage is the cost of a child process, from start to end.
type Usage struct {
	CPU  time.Duration // of user and system
	Peak int64         // maximum resident bytes, or 0 if the system does not report it
}

// Run starts this program again as a child that runs the named part, and waits for its
// result. If ctx ends first, Run kills the child.
func Run[R any](ctx context.Context, part string, arguments any) (result R, usage Usage, err error) {
	return run[R](ctx, part, arguments, os.Stderr)
}

// RunQuietly is Run for a part that may crash: its standard error is not shown.
func RunQuietly[R any](ctx context.Context, part string, arguments any) (result R, usage Usage, err error) {
	return run[R](ctx, part, arguments, io.Discard)
}

func run[R any](ctx context.Context, part string, arguments any, stderr io.Writer) (result R, usage Usage, err error) {
	program, err := os.Executable()
	if err != nil {
		return result, usage, err
	}
	text, err := json.Marshal(arguments)
	if err != nil {
		return result, usage, err
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), role+"="+part)
	cmd.Stdin = strings.NewReader(string(text))
	cmd.Stderr = stderr
	out, err := cmd.Output()
	if err != nil {
		return result, usage, fmt.Errorf("child %s: %w", part, err)
	}
	var a answer[R]
	if err := json.Unmarshal(out, &a); err != nil {
		return result, usage, fmt.Errorf("child %s: %w", part, err)
	}
	return a.Result, Usage{CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), Peak: a.Peak}, nil
}

// peak returns the maximum resident memory of this process. The figure that Linux gives for
// an ended child includes its parent's memory before the exec, so the child reads its own.
func peak() int64 {
	text, _ := os.ReadFile("/proc/self/status") // without it there is no line to find
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, "VmHWM:"); found {
			kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}
