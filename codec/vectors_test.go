package codec_test

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

// A vector is a stream and its result with comments and retry events delivered.
type vector struct {
	name   string
	setup  setup
	stream []byte
	want   result
	isTick []bool // for each event: it is from a retry block
}

func TestVectors(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.name, func(t *testing.T) {
			for _, comments := range []bool{false, true} {
				for _, retryEvents := range []bool{false, true} {
					v.check(t, comments, retryEvents)
				}
			}
		})
	}
}

// check decodes the vector in every way, and by the reference too.
func (v *vector) check(t *testing.T, comments, retryEvents bool) {
	t.Helper()
	s := v.setup
	s.comments, s.retryEvents = comments, retryEvents
	want := v.want
	want.Events = nil
	for i, e := range v.want.Events {
		isComment := e.Type == "" && !v.isTick[i]
		if isComment && !comments || v.isTick[i] && !retryEvents {
			continue
		}
		want.Events = append(want.Events, e)
	}
	ref := reference(v.stream, s)
	want.At = ref.At
	requireSame(t, want, ref, v.stream, nil, "reference")
	for face := range faces {
		for _, sizes := range cuts(v.stream) {
			requireSame(t, want, decode(face, v.stream, sizes, s), v.stream, sizes, face)
		}
	}
}

// readVectors reads testdata/vectors.txt, whose head describes its format.
func readVectors(tb testing.TB) []vector {
	tb.Helper()
	file, err := os.ReadFile("testdata/vectors.txt")
	require.NoError(tb, err)
	var vectors []vector
	for n, line := range strings.Split(string(file), "\n") {
		key, rest, _ := strings.Cut(line, " ")
		if key == "==" {
			vectors = append(vectors, vector{name: rest, want: result{Err: io.EOF}})
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") || key == "why" {
			continue
		}
		require.NotEmpty(tb, vectors, "line %d", n+1)
		err := vectors[len(vectors)-1].add(key, rest)
		require.NoError(tb, err, "line %d: %s", n+1, line)
	}
	return vectors
}

// add takes one line of a vector's description.
func (v *vector) add(key, rest string) error {
	var words []string
	for rest != "" {
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			break
		}
		word, err := strconv.Unquote(quoted)
		if err != nil {
			return err
		}
		words = append(words, word)
		rest = strings.TrimPrefix(rest[len(quoted):], " ")
	}
	ms := int64(0)
	if rest != "" {
		var err error
		if ms, err = strconv.ParseInt(rest, 10, 64); err != nil {
			return err
		}
	}
	d := time.Duration(ms) * time.Millisecond
	if rest == "0" && key != "retry" {
		d = codec.RetryZero
	}
	switch {
	case key == "in" && len(words) == 1:
		v.stream = append(v.stream, words[0]...)
	case key == "initial" && len(words) == 1:
		v.setup.lastEventID = words[0]
		v.want.LastID = words[0]
	case key == "event" && len(words) == 3:
		v.deliver(codec.Event{Type: words[0], Data: words[1], ID: words[2], Retry: d}, false)
	case key == "retry-event" && len(words) == 1:
		v.deliver(codec.Event{ID: words[0], Retry: d}, true)
	case key == "comment" && len(words) == 1:
		v.deliver(codec.Event{Comment: words[0]}, false)
	case key == "last-id" && len(words) == 1:
		v.want.LastID = words[0]
	case key == "retry" && len(words) == 0:
		v.want.Retry, v.want.HasRetry = d, true
	default:
		return fmt.Errorf("cannot read %s with %d strings", key, len(words))
	}
	return nil
}

func (v *vector) deliver(e codec.Event, tick bool) {
	v.want.Events = append(v.want.Events, e)
	v.isTick = append(v.isTick, tick)
}
