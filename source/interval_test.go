package source_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/rxssetest"
	"github.com/rxsse/rxsse/source"
)

func TestInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		for n, err := range source.Interval(time.Minute)(t.Context()) {
			require.NoError(t, err)
			assert.Equal(t, time.Duration(n+1)*time.Minute, time.Since(start))
			if n == 9 {
				return
			}
		}
	})
}

func TestContractOfInterval(t *testing.T) {
	rxssetest.Source[int]{
		Endless: func() rxsse.Observable[int] { return source.Interval(time.Millisecond) },
		Silent:  func() rxsse.Observable[int] { return source.Interval(1000 * time.Hour) },
	}.Check(t)
	assert.PanicsWithValue(t, "source: Interval: d must be positive, got 0s", func() { source.Interval(0) })
}
