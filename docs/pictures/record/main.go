// Command record runs the quickstart in a terminal and writes what it prints, at the speed
// at which it prints it, as an animated picture, without the time of the compiler:
//
//	go run ./docs/pictures/record
//
// It needs the command script of util-linux, which provides the terminal.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

const (
	command = "go run ./examples/quickstart"
	output  = "docs/pictures/quickstart.svg"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) //nolint:forbidigo // a program has no caller
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	// Built before, so that the recording does not begin with the compiler.
	folder, err := os.MkdirTemp("", "record-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	program := filepath.Join(folder, "quickstart")
	if err := exec.CommandContext(ctx, "go", "build", "-o", program, "./examples/quickstart").Run(); err != nil { //nolint:gosec // a path of its own
		return fmt.Errorf("go build: %w; run this in the root of the checkout", err)
	}
	terminal := exec.CommandContext(ctx, "script", "-qfec", "stty cols 80; exec "+program, "/dev/null") //nolint:gosec // the same
	terminal.Stderr = os.Stderr
	out, err := terminal.StdoutPipe()
	if err != nil {
		return err
	}
	if err := terminal.Start(); err != nil {
		return fmt.Errorf("%w; install util-linux", err)
	}
	lines, err := record(out)
	if err != nil {
		return err
	}
	if err := terminal.Wait(); err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	prompt := line{text: "$ " + command}
	return os.WriteFile(output, []byte(picture(append([]line{prompt}, lines...))), 0o600)
}

// A line is a line of output, and when it was printed.
type line struct {
	at   time.Duration
	text string
}

// record reads lines until r ends.
func record(r io.Reader) (lines []line, err error) {
	start := time.Now()
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		lines = append(lines, line{time.Since(start), strings.TrimRight(scanner.Text(), "\r ")})
	}
	return lines, scanner.Err()
}
