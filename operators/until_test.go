package operators

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/marble"
	"github.com/rxsse/rxsse/rxssetest"
)

func TestUntil(t *testing.T) {
	for _, c := range []struct{ name, src, notifier, take, skip string }{
		{"a notification", "-a-b-c-d|", "----x", "-a-b|", "-----c-d|"},
		{"no notification", "-a-b|", "--", "-a-b|", "----|"},
		{"completion is no notification", "-a-b|", "--|", "-a-b|", "----|"},
		{"a notification after the end", "-a|", "-----x", "-a|", "--|"},
		{"an error of the source", "-a-#", "----x", "-a-#", "---#"},
		{"an error of the notifier", "-a-b|", "--#", "-a#", "--#"},
		{"a source that waits", "---------|", "---x", "---|", "---------|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, op := range map[string]struct {
				apply func(src, notifier letters) letters
				want  string
			}{
				"TakeUntil": {TakeUntil[string, string], c.take},
				"SkipUntil": {SkipUntil[string, string], c.skip},
			} {
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						assert.Equal(t, op.want, marble.Record(t.Context(), op.apply(marble.Cold(c.src), marble.Cold(c.notifier))))
					})
				})
			}
		})
	}
}

func TestContractOfUntil(t *testing.T) {
	type ints = rxsse.Observable[int]
	items := []int{1, 2, 3}
	t.Run("TakeUntil", rxssetest.Operator[int, int]{
		Apply: func(src ints) ints { return TakeUntil(src, marble.Cold("")) },
		Items: items,
	}.Check)
	t.Run("SkipUntil", rxssetest.Operator[int, int]{
		Apply: func(src ints) ints { return SkipUntil(src, marble.Cold("x")) },
		Items: items,
	}.Check)
}
