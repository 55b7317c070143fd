package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNothingIsLost(t *testing.T) {
	if testing.Short() {
		t.Skip("three servers take their time")
	}
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, []string{"-trades", "2000"}), out.String())
	assert.Contains(t, out.String(), "log: 2000 events, 0 lost, 0 out of place\nworkers: 2000 trades counted, ")
}

func TestBadArguments(t *testing.T) {
	for want, args := range map[string][]string{
		`unexpected argument "x"; see -help`: {"x"},
		"-trades must be at least 1, got 0":  {"-trades", "0"},
		"connect to NATS: ":                  {"-nats", "nats://127.0.0.1:1"},
	} {
		assert.ErrorContains(t, run(t.Context(), &bytes.Buffer{}, args), want)
	}
}
