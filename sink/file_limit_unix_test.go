//go:build darwin || linux

package sink_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

func init() { //nolint:gochecknoinits // the limits of a process need a process of their own
	children["full disk"] = onAFullDisk
	children["full table"] = withAFullTable
}

// runChild returns the output of a child.
func runChild(t *testing.T, name string, args ...string) []string {
	t.Helper()
	child, out := start(t, name, args...)
	var lines []string
	for out.Scan() {
		lines = append(lines, out.Text())
	}
	require.NoError(t, child.Wait(), "%q", lines)
	return lines
}

// setLimit sets the soft limit of the process and returns the function that sets it
// back.
func setLimit(resource int, n uint64) (restore func() error, err error) {
	var before syscall.Rlimit
	if err := syscall.Getrlimit(resource, &before); err != nil {
		return nil, err
	}
	after := before
	after.Cur = n
	if err := syscall.Setrlimit(resource, &after); err != nil {
		return nil, err
	}
	return func() error { return syscall.Setrlimit(resource, &before) }, nil
}

// onAFullDisk appends to a file when no file may be larger than 10,000 bytes, which is like
// a full disk to the program. The kernel writes what fits, which tears a record.
func onAFullDisk(args []string) error {
	signal.Ignore(syscall.SIGXFSZ)
	f, err := sink.OpenNDJSON[string](args[0])
	if err != nil {
		return err
	}
	restore, err := setLimit(syscall.RLIMIT_FSIZE, 10_000)
	if err != nil {
		return err
	}
	item := strings.Repeat("x", 997) // 1,000 bytes as a line
	for range 10 {
		if err := f.AppendOne(item); err != nil {
			return err
		}
	}
	for range 2 {
		fmt.Println(errors.Is(f.Append([]string{item, item}), syscall.EFBIG))
	}
	checkpoint := source.NewFileCheckpoint(args[0] + ".position")
	if err := checkpoint.Save(context.Background(), "before"); err != nil {
		return err
	}
	fmt.Println(errors.Is(checkpoint.Save(context.Background(), strings.Repeat("y", 20_000)), syscall.EFBIG))
	id, err := checkpoint.Load(context.Background())
	fmt.Println(id, err)
	if err := restore(); err != nil { // there is room again
		return err
	}
	if err := f.AppendOne("more"); err != nil {
		return err
	}
	return f.Close()
}

func TestFileOnAFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ndjson")
	assert.Equal(t, []string{"true", "true", "true", "before <nil>"}, runChild(t, "full disk", path))
	assert.Equal(t, strings.Repeat(`"`+strings.Repeat("x", 997)+`"`+"\n", 10)+`"more"`+"\n", content(t, path))
	assert.NoFileExists(t, path+".position.new")
}

// withAFullTable rotates a file, and saves a position, while the program can open no more
// files.
func withAFullTable(args []string) error {
	f, err := sink.OpenNDJSON[int](args[0], sink.WithRotateSize(4))
	if err != nil {
		return err
	}
	checkpoint := source.NewFileCheckpoint(args[0] + ".position")
	if err := errors.Join(f.Append([]int{1, 2}), checkpoint.Save(context.Background(), "2")); err != nil {
		return err
	}
	restore, err := setLimit(syscall.RLIMIT_NOFILE, 64)
	if err != nil {
		return err
	}
	var open []*os.File
	for {
		file, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		open = append(open, file)
	}
	// With no file descriptor left, with one for the folder, and with two: the new file as
	// well.
	for free := range 3 {
		err := f.AppendOne(3 + free)
		fmt.Println(err == nil, errors.Is(err, syscall.EMFILE))
		err = checkpoint.Save(context.Background(), "3")
		fmt.Println(err == nil, errors.Is(err, syscall.EMFILE))
		if err := open[free].Close(); err != nil {
			return err
		}
	}
	id, err := checkpoint.Load(context.Background())
	fmt.Println(id, err)
	for _, file := range open[3:] {
		if err := file.Close(); err != nil {
			return err
		}
	}
	if err := restore(); err != nil {
		return err
	}
	if err := f.Append([]int{6, 7}); err != nil {
		return err
	}
	return f.Close()
}

func TestFileWithAFullTableOfFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ndjson")
	out := runChild(t, "full table", path)
	assert.Equal(t, []string{
		"false true", "false true", // none
		"false true", "false true", // one
		"true false", "true false", // two
		"3 <nil>",
	}, out)
	var all []string
	for _, text := range append(rotated(t, path), content(t, path)) {
		all = append(all, strings.Fields(text)...)
	}
	assert.Equal(t, "1 2 5 6 7", strings.Join(all, " "), "what was acknowledged, and nothing else")
}

// Rotating keeps no file open.
func TestFileRotatesWithoutOpenFilesLeft(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would close unreachable files
	open := func() int {
		entries, err := os.ReadDir("/dev/fd")
		require.NoError(t, err)
		return len(entries)
	}
	f, err := sink.OpenNDJSON[int](filepath.Join(t.TempDir(), "x.ndjson"), sink.WithRotateSize(2), sink.WithKeep(1, 0))
	require.NoError(t, err)
	before := open()
	require.NoError(t, f.Append(make([]int, 50)))
	assert.Less(t, open(), before+10)
	require.NoError(t, f.Close())
}
