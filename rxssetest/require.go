package rxssetest

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rxsse/rxsse"
)

// requireCompleted checks that the stream completed.
func (got outcome[T]) requireCompleted(t *testing.T) {
	t.Helper()
	got.requireNoPanic(t)
	if got.err != nil {
		t.Fatalf("the stream failed: %v; want it to complete", got.err)
	}
}

// requireFailed checks that the stream ended with want.
func (got outcome[T]) requireFailed(t *testing.T, want error) {
	t.Helper()
	got.requireNoPanic(t)
	switch {
	case got.err == nil:
		t.Fatalf("the stream completed; want it to fail: %v", want)
	case !errors.Is(got.err, want):
		t.Fatalf("the stream failed: %v; want %v", got.err, want)
	}
}

func (got outcome[T]) requireNoPanic(t *testing.T) {
	t.Helper()
	if got.panicked != nil {
		t.Fatalf("the stream panicked: %v", got.panicked)
	}
}

// requirePanic checks that the consumer saw the panic, as it is or carried from
// another goroutine.
func (got outcome[T]) requirePanic(t *testing.T) {
	t.Helper()
	value := got.panicked
	carried, ok := value.(*rxsse.PanicError)
	if ok {
		value = carried.Value
	}
	switch {
	case value == nil:
		t.Fatalf("the consumer saw no panic; want %q", panicValue)
	case value != panicValue:
		t.Fatalf("the consumer saw a panic with %v; want %q", value, panicValue)
	case ok && !strings.Contains(string(carried.Stack), "panic"):
		t.Fatalf("the rxsse.PanicError does not have the stack of the panic:\n%s", carried.Stack)
	}
}

func (got outcome[T]) requireItems(t *testing.T, want []T) {
	t.Helper()
	if len(got.items)+len(want) > 0 && !reflect.DeepEqual(got.items, want) {
		t.Fatalf("the stream delivered %v; want %v", got.items, want)
	}
}

func (got outcome[T]) requireLen(t *testing.T, want int) {
	t.Helper()
	requireCount(t, "items", len(got.items), want)
}

func requireCount(t *testing.T, what string, got, want int) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %d; want %d", what, got, want)
	}
}

// requireEndsAtOnce checks that the stream has just ended, in fake time. since is when what
// says happened.
func requireEndsAtOnce(t *testing.T, since time.Time, what string) {
	t.Helper()
	if late := time.Since(since); late != 0 {
		t.Fatalf("the stream ended %v after %s; want it to end at once", late, what)
	}
}
