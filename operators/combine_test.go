package operators

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func TestCombining(t *testing.T) {
	join := func(a, b string) string { return a + b }
	for name, op := range map[string]func(a, b letters) letters{
		"CombineLatest":  func(a, b letters) letters { return CombineLatest(a, b, join) },
		"WithLatestFrom": func(a, b letters) letters { return WithLatestFrom(a, b, join) },
	} {
		for _, c := range []struct {
			name, a, b string
			want       map[string]string
		}{
			{"newest of both", "--1-----2-----|", "----x-----y--|", map[string]string{
				"CombineLatest": "----[1x]---[2x]-[2y]---|", "WithLatestFrom": "----[1x]---[2x]-----|",
			}},
			{"one never delivers", "-1-2-|", "---|", map[string]string{"CombineLatest": "---|", "WithLatestFrom": "-----|"}},
			{"the first never delivers", "---|", "-x-y-|", map[string]string{"CombineLatest": "---|", "WithLatestFrom": "---|"}},
			{"the first completes", "1-|", "-x--y|", map[string]string{"CombineLatest": "-[1x]--[1y]|", "WithLatestFrom": "-[1x]|"}},
			{"an error of the first", "1--#", "-x", map[string]string{"CombineLatest": "-[1x]-#", "WithLatestFrom": "-[1x]-#"}},
			{"an error of the second", "1--2|", "-x#", map[string]string{"CombineLatest": "-[1x]#", "WithLatestFrom": "-[1x]#"}},
		} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					assert.Equal(t, c.want[name], marble.Record(t.Context(), op(marble.Cold(c.a), marble.Cold(c.b))))
				})
			})
		}
	}
}

func TestCombiningIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*marble.Frame)
		defer cancel()
		both := CombineLatest(marble.Cold("-a"), marble.Cold("--b"), func(a, b string) string { return a + b })
		assert.Equal(t, "--[ab]!", marble.Record(ctx, both))
	})
}

func TestContractOfCombining(t *testing.T) {
	type ints = rxsse.Observable[int]
	sum := func(a, b int) int { return a + b }
	items := []int{1, 2, 3}
	t.Run("CombineLatest", rxssetest.Operator[int, int]{
		Apply: func(src ints) ints { return CombineLatest(src, from(0), sum) },
		Items: items,
	}.Check)
	t.Run("WithLatestFrom", rxssetest.Operator[int, int]{
		Apply: func(src ints) ints { return WithLatestFrom(src, from(0), sum) },
		Panicking: func(src ints, v any) ints {
			return WithLatestFrom(src, from(0), func(int, int) int { panic(v) })
		},
		Items: items,
	}.Check)
}
