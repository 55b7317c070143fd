package operators

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func TestZipAll(t *testing.T) {
	for _, c := range []struct {
		name string
		srcs []string
		want string
	}{
		{"the n-th of each", []string{"-1---2---3--|", "---x--y-------z|", "--p-q-r|"}, "---[1xp]--[2yq]-------([3zr]|)"},
		{"one alone", []string{"-a-b|"}, "-a-b|"},
		{"none", nil, "|"},
		{"one that is empty", []string{"-a-b-", "---|"}, "---|"},
		{"one completes while its items wait", []string{"ab|", "----x-----y"}, "----[ax]-----([by]|)"},
		{"the others' items that wait are dropped", []string{"abcd|", "----x-|"}, "----[ax]-|"},
		{"an error", []string{"-1-2-", "--x-#"}, "--[1x]-#"},
		{"an error while items wait", []string{"-1-2-#", "------x"}, "-----#"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 30*marble.Frame)
				defer cancel()
				assert.Equal(t, c.want, marble.Record(ctx, concatenated(ZipAll(colds(c.srcs)...))))
			})
		})
	}
}

// The stream that is ahead waits, and resumes as the others catch up.
func TestZipAllHoldsUpTheFastest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		produced := 0
		fast := func(context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for produced < 10_000 {
					if produced++; !yield(produced, nil) {
						return
					}
				}
			}
		}
		n := 0
		for pair, err := range ZipAll(fast, Take(ticking(marble.Frame), 1000))(t.Context()) {
			require.NoError(t, err)
			n++
			require.Equal(t, n, pair[0])
			synctest.Wait()
			require.LessOrEqual(t, produced, n+2*256)
		}
		assert.Equal(t, 1000, n)
	})
}

func TestZipAllDeliversNewSlices(t *testing.T) {
	got := collect(t, ZipAll(from(1, 2), from(3, 4)))
	assert.Equal(t, [][]int{{1, 3}, {2, 4}}, got)
}

func TestContractOfZipAll(t *testing.T) {
	rxssetest.Operator[int, []int]{
		Apply: func(src ints) rxsse.Observable[[]int] { return ZipAll(src, endless()) },
		Items: []int{1, 2, 3},
	}.Check(t)
}
