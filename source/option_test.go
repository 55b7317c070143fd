package source_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse/source"
)

// A mistake in an option is the programmer's, and shows when it is made.
func TestOptionsRefuseNonsense(t *testing.T) {
	for want, option := range map[string]func() source.Option{
		"source: WithReconnectionTime: negative value -1s": func() source.Option { return source.WithReconnectionTime(-time.Second) },
		"source: WithMaxAttempts: negative value -1":       func() source.Option { return source.WithMaxAttempts(-1) },
		"source: WithHealthyAfter: negative value -1s":     func() source.Option { return source.WithHealthyAfter(-time.Second) },
		"source: WithIdleTimeout: negative value -1s":      func() source.Option { return source.WithIdleTimeout(-time.Second) },
		"source: WithConnectTimeout: negative value -1s":   func() source.Option { return source.WithConnectTimeout(-time.Second) },
		"source: WithErrorTail: negative value -2":         func() source.Option { return source.WithErrorTail(1, -2) },
		"source: WithDeduplication: window of 0":           func() source.Option { return source.WithDeduplication(0) },
	} {
		t.Run(want, func(t *testing.T) {
			assert.PanicsWithValue(t, want, func() { option() })
		})
	}
}
