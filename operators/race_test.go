package operators

import (
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func TestRace(t *testing.T) {
	for _, c := range []struct {
		name string
		srcs []string
		want string
	}{
		{"the first item wins", []string{"----1--2--|", "--x--y--z|", "---#"}, "--x--y--z|"},
		{"the winner may fail later", []string{"-1--#", "--x|"}, "-1--#"},
		{"the winner may fall silent", []string{"-1", "--x|"}, "-1!"},
		{"completion wins", []string{"---1|", "--|"}, "--|"},
		{"an error wins", []string{"---1|", "--#"}, "--#"},
		{"alone", []string{"-1-2|"}, "-1-2|"},
		{"nobody", nil, "|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var srcs []letters
				var running atomic.Int64
				for _, diagram := range c.srcs {
					running.Add(1)
					srcs = append(srcs, Finally(marble.Cold(diagram), func() { running.Add(-1) }))
				}
				ctx, cancel := deadline(t, 20)
				defer cancel()
				got := marble.Record(ctx, Tap(Race(srcs...), func(string) {
					synctest.Wait()
					assert.LessOrEqual(t, running.Load(), int64(1), "the losers are cancelled")
				}))
				if c.name == "the winner may fall silent" {
					assert.Regexp(t, `^-1-+!$`, got)
					return
				}
				assert.Equal(t, c.want, got)
			})
		})
	}
}

// The winner of a close race is the only one that delivers.
func TestRaceHasOneWinner(t *testing.T) {
	for range 200 {
		of := func(who int) rxsse.Observable[int] { return Map(Take(endless(), 50), func(int) int { return who }) }
		got := collect(t, Race(of(0), of(1), of(2), of(3)))
		if !assert.Len(t, got, 50) || !assert.Len(t, collect(t, DistinctUntilChanged(from(got...))), 1) {
			return
		}
	}
}

func TestContractOfRace(t *testing.T) {
	type ints = rxsse.Observable[int]
	t.Run("winner", rxssetest.Operator[int, int]{
		Apply: func(src ints) ints { return Race(src, Skip(ticking(marble.Frame), 1_000_000)) },
		Items: []int{1, 2, 3},
	}.Check)
}
