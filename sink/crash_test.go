package sink_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/codec"
	"github.com/rxsse/rxsse/operators"
	"github.com/rxsse/rxsse/sink"
	"github.com/rxsse/rxsse/source"
)

// kills is how often a crash test kills its child.
const kills = 50

// childEnv names what the test binary does instead of running tests.
const childEnv = "RXSSE_SINK_TEST_CHILD"

// seedEnv sets another seed than the usual one. A failure prints the seed.
const seedEnv = "RXSSE_TEST_SEED"

func TestMain(m *testing.M) {
	if child := children[os.Getenv(childEnv)]; child != nil {
		go func() { // ends with the program, which ends with its parent
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(2)
		}()
		if err := child(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

var children = map[string]func(args []string) error{
	"numbers": writeNumbers,
	"events":  commitEvents,
	"windows": commitWindows,
}

// start starts the test binary as a child. The child ends when the test does, for any
// reason: its standard input is a pipe from here.
func start(t *testing.T, name string, args ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	child, out, _ := startWithInput(t, name, args...)
	return child, out
}

func startWithInput(t *testing.T, name string, args ...string) (*exec.Cmd, *bufio.Scanner, io.Closer) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], args...)
	child.Env = append(os.Environ(), childEnv+"="+name)
	child.Stderr = os.Stderr
	in, err := child.StdinPipe() // Wait closes it
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	return child, bufio.NewScanner(out), in
}

// seeded returns the same random numbers in each run, unless seedEnv is set.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(1)
	if text := os.Getenv(seedEnv); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("%s=%d", seedEnv, seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// writeNumbers appends the numbers from the second argument on to the file named by the
// first, and prints the ones that are written.
func writeNumbers(args []string) error {
	f, err := sink.OpenNDJSON[int](args[0], sink.WithRotateSize(2000), sink.WithGzip())
	if err != nil {
		return err
	}
	first, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	for n := first; ; n += 3 {
		if err := f.Append([]int{n, n + 1, n + 2}); err != nil {
			return err
		}
		fmt.Println(n + 2)
	}
}

// Items that File has acknowledged survive the death of the program, through rotations and
// compressions, and the file holds only whole items. A child is killed a moment after one
// of its acknowledgements; the seed decides which one, and how long the moment is.
func TestFileSurvivesKills(t *testing.T) {
	random := seeded(t)
	path := filepath.Join(t.TempDir(), "n.ndjson")
	next := 1
	for kill := range kills {
		child, acks := start(t, "numbers", path, strconv.Itoa(next))
		acked := next - 1
		left, moment := 1+random.IntN(40), time.Duration(random.IntN(2000))*time.Microsecond
		for acks.Scan() {
			n, err := strconv.Atoi(acks.Text())
			require.NoError(t, err)
			acked = n
			if left--; left == 0 {
				time.AfterFunc(moment, func() { _ = child.Process.Kill() })
			}
		}
		_ = child.Wait() // killed

		f, err := sink.OpenNDJSON[int](path) // removes a torn record
		require.NoError(t, err, "kill %d", kill)
		require.NoError(t, f.Close())
		written := numbers(t, path)
		require.GreaterOrEqual(t, len(written), acked, "kill %d", kill)
		for i, n := range written {
			require.Equal(t, i+1, n, "kill %d", kill)
		}
		next = len(written) + 1
	}
	assert.Greater(t, next, 3*kills, "each child wrote something")
}

// A child ends when its parent dies.
func TestChildrenDieWithTheTest(t *testing.T) {
	child, acks, input := startWithInput(t, "numbers", filepath.Join(t.TempDir(), "n.ndjson"), "1")
	require.True(t, acks.Scan())
	require.NoError(t, input.Close()) // as the end of this program would
	for acks.Scan() {
	}
	var exit *exec.ExitError
	require.ErrorAs(t, child.Wait(), &exit)
	assert.Equal(t, 2, exit.ExitCode())
}

// numbers returns the content of all files of path, in order.
func numbers(t *testing.T, path string) (all []int) {
	t.Helper()
	files := rotated(t, path)
	files = append(files, content(t, path))
	// A file that was killed between its compression and its removal is there twice.
	for i := range files {
		files[i] = strings.TrimPrefix(files[i], "gz ")
	}
	for line := range strings.Lines(strings.Join(slices.Compact(files), "")) {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		require.NoError(t, err)
		all = append(all, n)
	}
	return all
}

// feed is a server of events 1 to last that resumes after the Last-Event-ID, slowly until
// hurry is called, and answers 204 once all are delivered.
func feed(t *testing.T, last int) (url string, hurry func()) {
	t.Helper()
	var fast atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, _ := strconv.Atoi(r.Header.Get("Last-Event-ID"))
		if after == last {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		flush := http.NewResponseController(w).Flush
		for n := after + 1; n <= last; n++ {
			if _, err := fmt.Fprintf(w, "id: %d\ndata: event %d\n\n", n, n); err != nil {
				return
			}
			if !fast.Load() {
				if flush() != nil {
					return
				}
				time.Sleep(100 * time.Microsecond)
			}
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, func() { fast.Store(true) }
}

// pipeline is the program of the children: it commits the items of build to a file.
func pipeline[T any](args []string, build func(rxsse.Observable[codec.Event]) rxsse.Observable[T], id func(T) string) error {
	url, folder := args[0], args[1]
	f, err := sink.OpenNDJSON[T](filepath.Join(folder, "done.ndjson"))
	if err != nil {
		return err
	}
	checkpoint := source.NewFileCheckpoint(filepath.Join(folder, "position"))
	events := source.SSE(url, source.WithCheckpoint(checkpoint), source.WithReconnectionTime(time.Millisecond))
	work := func(items []T) error {
		if err := f.Append(items); err != nil {
			return err
		}
		fmt.Println("working")
		return nil
	}
	return errors.Join(sink.CommitFunc(context.Background(), build(events), work, checkpoint, id), f.Close())
}

func commitEvents(args []string) error {
	return pipeline(args, func(src rxsse.Observable[codec.Event]) rxsse.Observable[codec.Event] {
		return operators.Filter(src, func(codec.Event) bool { return true })
	}, codec.Event.ResumeID)
}

func commitWindows(args []string) error {
	return pipeline(args, func(src rxsse.Observable[codec.Event]) rxsse.Observable[[]string] {
		ids := operators.Map(src, codec.Event.ResumeID)
		return operators.Map(operators.Window(ids, operators.ByCount(7)), func(w operators.WindowOf[string]) []string { return w.Items })
	}, func(ids []string) string { return ids[len(ids)-1] })
}

// A program is killed at random moments, fifty times. The effect of every event is there
// once, if effects with the same ID are counted as one.
func TestCommitSurvivesKills(t *testing.T) {
	for name, idsOf := range map[string]func(t *testing.T, line string) []string{
		"events": func(t *testing.T, line string) []string {
			t.Helper()
			_, after, found := strings.Cut(line, `"id":"`)
			require.True(t, found, line)
			id, _, _ := strings.Cut(after, `"`)
			return []string{id}
		},
		"windows": func(t *testing.T, line string) []string {
			t.Helper()
			return strings.Split(strings.NewReplacer("[", "", "]", "", `"`, "").Replace(strings.TrimSpace(line)), ",")
		},
	} {
		t.Run(name, func(t *testing.T) {
			const last = 20_000
			random := seeded(t)
			url, hurry := feed(t, last)
			folder := t.TempDir()
			for range kills {
				child, out := start(t, name, url, folder)
				require.True(t, out.Scan(), "it begins to work")
				time.AfterFunc(time.Duration(random.IntN(20_000))*time.Microsecond, func() { _ = child.Process.Kill() })
				_, _ = io.Copy(io.Discard, &scanned{out})
				_ = child.Wait() // killed
			}
			hurry()
			child, out := start(t, name, url, folder)
			_, _ = io.Copy(io.Discard, &scanned{out})
			require.NoError(t, child.Wait(), "the last one ends by itself")

			seen := map[string]bool{}
			var once []int
			again := 0
			for line := range strings.Lines(content(t, filepath.Join(folder, "done.ndjson"))) {
				for _, id := range idsOf(t, line) {
					if seen[id] {
						again++
						continue
					}
					seen[id] = true
					n, err := strconv.Atoi(id)
					require.NoError(t, err)
					once = append(once, n)
				}
			}
			require.Len(t, once, last)
			for i, n := range once {
				require.Equal(t, i+1, n)
			}
			assert.LessOrEqual(t, again, (kills+1)*256*7, "only the work of the last call is done again")
			t.Logf("%d of %d events were processed twice", again, last)
		})
	}
}

// scanned reads the rest of a scanner and discards it.
type scanned struct{ *bufio.Scanner }

func (s *scanned) Read([]byte) (int, error) {
	if s.Scan() {
		return 0, nil
	}
	return 0, io.EOF
}
