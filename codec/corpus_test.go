package codec_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse/codec"
)

// corpus returns the path of a file in the folder of independent test data, or
// skips the test where there is none.
func corpus(t *testing.T, path ...string) string {
	t.Helper()
	folder := os.Getenv("RXSSE_CORPUS")
	if folder == "" {
		t.Skip("RXSSE_CORPUS names no folder of test data")
	}
	return filepath.Join(append([]string{folder}, path...)...)
}

// A corpusVector is one test of another implementation or of the Web Platform
// Tests.
type corpusVector struct {
	ID     string   `json:"id"`
	Input  []byte   `json:"input_b64"`
	Chunks [][]byte `json:"chunks_b64"`
	Events []struct {
		Type        string `json:"type"`
		Data        string `json:"data"`
		LastEventID string `json:"lastEventId"`
	} `json:"events"`
	Retry              *int64   `json:"retry"`
	InitialLastEventID string   `json:"initialLastEventId"`
	FinalLastEventID   string   `json:"finalLastEventId"`
	Comments           []string `json:"comments"`
}

func TestCorpusVectors(t *testing.T) {
	for file, count := range map[string]int{"wpt_vectors.json": 44, "parser_vectors.json": 166} {
		text, err := os.ReadFile(corpus(t, "vectors", file))
		require.NoError(t, err)
		var all struct {
			Vectors []corpusVector `json:"vectors"`
		}
		require.NoError(t, json.Unmarshal(text, &all))
		require.Len(t, all.Vectors, count)
		for _, v := range all.Vectors {
			t.Run(v.ID, v.check)
		}
	}
}

func (v corpusVector) check(t *testing.T) {
	s := setup{lastEventID: v.InitialLastEventID}
	want := result{Err: io.EOF, LastID: v.FinalLastEventID, At: reference(v.Input, s).At}
	if v.Retry != nil {
		want.Retry, want.HasRetry = time.Duration(*v.Retry)*time.Millisecond, true
	}
	all := cuts(v.Input)
	if len(v.Chunks) > 0 {
		var sizes []int
		for _, chunk := range v.Chunks {
			sizes = append(sizes, len(chunk))
		}
		all = append(all, sizes)
	}
	for face := range faces {
		for _, sizes := range all {
			got := decode(face, v.Input, sizes, s)
			// Retry is the one member of an event that the vectors do not state.
			want.Events = nil
			require.Len(t, got.Events, len(v.Events))
			for i, e := range v.Events {
				want.Events = append(want.Events, codec.Event{Type: e.Type, Data: e.Data, ID: e.LastEventID, Retry: got.Events[i].Retry})
			}
			requireSame(t, want, got, v.Input, sizes, face)
		}
	}
	if v.Comments == nil {
		return
	}
	s.comments = true
	for _, sizes := range all {
		var comments []string
		for _, e := range decode("Next", v.Input, sizes, s).Events {
			if e.Type == "" {
				comments = append(comments, e.Comment)
			}
		}
		require.Equal(t, v.Comments, comments, "pieces of %v", sizes)
	}
}

func TestCorpusRecorded(t *testing.T) {
	text, err := os.ReadFile(corpus(t, "recorded", "expected.json"))
	require.NoError(t, err)
	var all struct {
		Files map[string]struct {
			SHA256       string         `json:"sha256"`
			Events       int            `json:"events"`
			Types        map[string]int `json:"types"`
			LastEventID  string         `json:"lastEventId"`
			Retries      []int64        `json:"retries"`
			Comments     int            `json:"comments"`
			EventsSHA256 string         `json:"events_sha256"`
		} `json:"files"`
	}
	require.NoError(t, json.Unmarshal(text, &all))
	require.Len(t, all.Files, 39)
	for name, want := range all.Files {
		t.Run(name, func(t *testing.T) {
			stream, err := os.ReadFile(corpus(t, "recorded", name))
			require.NoError(t, err)
			sum := sha256.Sum256(stream)
			require.Equal(t, want.SHA256, hex.EncodeToString(sum[:]))
			for face := range faces {
				for _, sizes := range [][]int{nil, {1}, {2}, {3}, {7, 1}, {100}, {1460}} {
					got := decode(face, stream, sizes, setup{comments: true})
					require.Equal(t, io.EOF, got.Err)
					hash, types, comments := sha256.New(), map[string]int{}, 0
					for _, e := range got.Events {
						if e.Type == "" {
							comments++
							continue
						}
						types[e.Type]++
						io.WriteString(hash, e.Type+"\x00"+e.Data+"\x00"+e.ID+"\x01") //nolint:errcheck // a hash never fails
					}
					assert.Equal(t, want.Events, len(got.Events)-comments)
					assert.Equal(t, want.Comments, comments)
					assert.Equal(t, want.Types, types)
					assert.Equal(t, want.EventsSHA256, hex.EncodeToString(hash.Sum(nil)))
					assert.Equal(t, want.LastEventID, got.LastID)
					if n := len(want.Retries); n > 0 {
						assert.Equal(t, time.Duration(want.Retries[n-1])*time.Millisecond, got.Retry)
					}
				}
			}
		})
	}
}

// TestLargeEvents has two events of LaunchDarkly's contract tests: 5 MiB of random
// bytes in base64 as one data line, and twice that.
func TestLargeEvents(t *testing.T) {
	random := make([]byte, 5<<20)
	rand.New(rand.NewSource(0)).Read(random)
	payload := []byte(base64.StdEncoding.EncodeToString(random))
	for name, data := range map[string][]byte{
		"in one piece":  payload,
		"in two pieces": slices.Concat(payload, payload),
	} {
		t.Run(name, func(t *testing.T) {
			stream := slices.Concat([]byte("data: "), data, []byte("\n\n"))
			for _, sizes := range [][]int{nil, {len(stream) / 2}, {1 << 20}, {10_007}} {
				d := codec.NewDecoder(&cutReader{stream: stream, sizes: sizes})
				require.True(t, d.Scan())
				require.True(t, bytes.Equal(data, d.View().Data))
				require.False(t, d.Scan())
				require.NoError(t, d.Err())
			}
		})
	}
}
