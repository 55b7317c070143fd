package clock_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse/internal/clock"
)

func TestSleep(t *testing.T) {
	for name, test := range map[string]struct {
		timeout, sleep, takes time.Duration
		want                  bool
	}{
		"to its end":                     {time.Hour, time.Minute, time.Minute, true},
		"not at all":                     {time.Hour, 0, 0, true},
		"until the context ends":         {time.Minute, time.Hour, time.Minute, false},
		"not under a context that ended": {-1, 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.timeout)
				defer cancel()
				start := time.Now()
				assert.Equal(t, test.want, clock.Sleep(ctx, test.sleep))
				assert.Equal(t, test.takes, time.Since(start))
			})
		})
	}
}
