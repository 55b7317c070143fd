package argument_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/rxsse/rxsse/internal/argument"
)

func TestMustBePositive(t *testing.T) {
	argument.MustBePositive("p: F: n", 1)
	assert.PanicsWithValue(t, "p: F: n must be positive, got 0", func() { argument.MustBePositive("p: F: n", 0) })
	assert.PanicsWithValue(t, "p: F: d must be positive, got -1s", func() { argument.MustBePositive("p: F: d", -time.Second) })
}

func TestMustNotBeNegative(t *testing.T) {
	argument.MustNotBeNegative("p: F: n", 0)
	assert.PanicsWithValue(t, "p: F: n must not be negative, got -1", func() { argument.MustNotBeNegative("p: F: n", int64(-1)) })
}

func TestMustNotBeNil(t *testing.T) {
	argument.MustNotBeNil("p: F: f", false)
	assert.PanicsWithValue(t, "p: F: f is nil", func() { argument.MustNotBeNil("p: F: f", true) })
}
