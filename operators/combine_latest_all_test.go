package operators

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

// colds makes a stream of each diagram.
func colds(diagrams []string) (srcs []letters) {
	for _, d := range diagrams {
		srcs = append(srcs, marble.Cold(d))
	}
	return srcs
}

func concatenated(src rxsse.Observable[[]string]) letters {
	return Map(src, func(items []string) string { return strings.Join(items, "") })
}

func TestCombineLatestAll(t *testing.T) {
	for _, c := range []struct {
		name string
		srcs []string
		want string
	}{
		{"the newest of each", []string{"-1------2---|", "---x--y---|", "--p-----------|"}, "---[1xp]--[1yp]-[2yp]-----|"},
		{"one alone", []string{"-a-b|"}, "-a-b|"},
		{"two", []string{"-1--|", "--x-y--|"}, "--[1x]-[1y]--|"},
		{"none", nil, "|"},
		{"one never delivers", []string{"-1-2-|", "---|", "-x----|"}, "---|"},
		{"one has never delivered, and the others go on", []string{"-1-|", "--", "-x-"}, "--------------------!"},
		{"an error", []string{"-1--", "--x", "-p--#"}, "--[1xp]-#"},
		{"an error before all have delivered", []string{"-1--", "--#", "----p"}, "--#"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 20*marble.Frame)
				defer cancel()
				assert.Equal(t, c.want, marble.Record(ctx, concatenated(CombineLatestAll(colds(c.srcs)...))))
			})
		})
	}
}

// Each slice belongs to the consumer.
func TestCombineLatestAllDeliversNewSlices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := collect(t, CombineLatestAll(marble.Cold("-a--b-|"), marble.Cold("--x-|")))
		assert.Equal(t, [][]string{{"a", "x"}, {"b", "x"}}, got)
	})
}

func TestCombineLatestAllRefusesNil(t *testing.T) {
	require.PanicsWithValue(t, "operators: CombineLatestAll: srcs[1] is nil", func() { CombineLatestAll(from(1), nil) })
}

func TestContractOfCombineLatestAll(t *testing.T) {
	rxssetest.Operator[int, []int]{
		Apply: func(src ints) rxsse.Observable[[]int] { return CombineLatestAll(src, from(0)) },
		Items: []int{1, 2, 3},
	}.Check(t)
}
