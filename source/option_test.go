package source_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse/source"
)

// A mistake in an option is the programmer's, and shows when it is made.
func TestOptionsRefuseNonsense(t *testing.T) {
	for want, option := range map[string]func() source.Option{
		"source: WithReconnectionTime: negative value -1s":                                                func() source.Option { return source.WithReconnectionTime(-time.Second) },
		"source: WithMaxAttempts: 0 is less than 1; WithReconnect(ReconnectNever) sends the request once": func() source.Option { return source.WithMaxAttempts(0) },
		"source: WithReconnect: unknown value 0":                                                          func() source.Option { return source.WithReconnect(0) },
		"source: WithMaxErrorBody: negative value -1":                                                     func() source.Option { return source.WithMaxErrorBody(-1) },
		"source: WithBackoff: negative value -1ns":                                                        func() source.Option { return source.WithBackoff(source.Backoff{Min: -1}) },
		"source: WithBackoff: growth 0.5 and jitter 0: want a growth of at least 1":                       func() source.Option { return source.WithBackoff(source.Backoff{Growth: 0.5}) },
		"source: WithBackoff: growth NaN and jitter 0: want a growth of at least 1":                       func() source.Option { return source.WithBackoff(source.Backoff{Growth: math.NaN()}) },
		"source: WithHealthyAfter: negative value -1s":                                                    func() source.Option { return source.WithHealthyAfter(-time.Second) },
		"source: WithIdleTimeout: negative value -1s":                                                     func() source.Option { return source.WithIdleTimeout(-time.Second) },
		"source: WithConnectTimeout: negative value -1s":                                                  func() source.Option { return source.WithConnectTimeout(-time.Second) },
		"source: WithErrorTail: negative value -2":                                                        func() source.Option { return source.WithErrorTail(1, -2) },
		"source: WithDeduplication: window of 0":                                                          func() source.Option { return source.WithDeduplication(0) },
	} {
		t.Run(want, func(t *testing.T) {
			assert.PanicsWithValue(t, want, func() { option() })
		})
	}
}
