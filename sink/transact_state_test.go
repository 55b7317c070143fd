package sink_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/sink"
)

// A part is a result that may be partial.
type part struct {
	v       string
	partial bool
}

func (p part) IsPartial() bool { return p.partial }

// delivered is the state of a source: its delivered items.
type delivered struct {
	got []string
	err error
}

func (d *delivered) Save() ([]byte, error) { return []byte(strings.Join(d.got, "")), d.err }

// parts delivers a part for each letter of a word, a second apart; upper case letters are
// partial. It ends with err.
func parts(d *delivered, word string, err error) rxsse.Observable[part] {
	return func(context.Context) iter.Seq2[part, error] {
		return func(yield func(part, error) bool) {
			for _, c := range word {
				time.Sleep(time.Second)
				v := string(c)
				partial := v != strings.ToLower(v)
				if !partial {
					d.got = append(d.got, v)
				}
				if !yield(part{v, partial}, nil) {
					return
				}
			}
			if err != nil {
				yield(part{}, err)
			}
		}
	}
}

func TestTransactState(t *testing.T) {
	errBoom := errors.New("boom")
	for _, row := range []struct {
		name  string
		word  string
		every time.Duration
		end   error
		save  error
		work  error
		want  string // each call of work: results, and the state after them
		err   string
	}{
		{"each result", "abc", 0, nil, nil, nil, "a>a b>ab c>abc", ""},
		{"every so often, and the rest at the end", "abcde", 2 * time.Second, nil, nil, nil, "ab>ab cd>abcd e>abcde", ""},
		{"partial results stay in the state", "abCD", time.Hour, nil, nil, nil, "ab>ab", ""},
		{"nothing", "", 0, nil, nil, nil, "", ""},
		{"only partial", "AB", 0, nil, nil, nil, "", ""},
		{"what came before an error", "abc", time.Hour, errBoom, nil, nil, "abc>abc", "boom"},
		{"a single result before an error", "a", time.Hour, errBoom, nil, nil, "a>a", "boom"},
		{"an error after everything is stored", "ab", 0, errBoom, nil, nil, "a>a b>ab", "boom"},
		{"work fails", "abc", 0, nil, nil, errBoom, "a>a", "boom"},
		{"the state cannot be saved", "abc", 0, nil, errBoom, nil, "", "sink: TransactState: boom"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls []string
				d := &delivered{err: row.save}
				err := sink.TransactState(t.Context(), parts(d, row.word, row.end), d, row.every, func(results []part, state []byte) error {
					var call strings.Builder
					for _, r := range results {
						call.WriteString(r.v)
					}
					calls = append(calls, fmt.Sprintf("%s>%s", call.String(), state))
					return row.work
				})
				assert.Equal(t, row.want, strings.Join(calls, " "))
				if row.err == "" {
					require.NoError(t, err)
				} else {
					require.EqualError(t, err, row.err)
				}
			})
		})
	}
}

// However long TransactState waits, it keeps at most 65,536 results in memory.
func TestTransactStateBoundsWhatWaits(t *testing.T) {
	var calls []int
	err := sink.TransactState(t.Context(), just(make([]int, 65_536+2)...), &delivered{}, time.Hour, func(results []int, _ []byte) error {
		calls = append(calls, len(results))
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, []int{65_536, 2}, calls)
}
