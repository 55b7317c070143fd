package rxssetest

import (
	"context"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/rxsse/rxsse"
)

// An outcome is what one subscription delivered and how it ended.
type outcome[T any] struct {
	items    []T
	err      error
	panicked any
}

// maxAfterCancel is how many items may follow a cancellation before a stream counts as one
// that never ends.
const maxAfterCancel = 1000

// observe subscribes and checks the grammar along the way: every call of yield on this
// goroutine, a zero value beside the error, nothing after the end. After each item it calls
// onItem, if there is one, with the number of items so far; false leaves the stream.
func observe[T any](ctx context.Context, t *testing.T, obs rxsse.Observable[T], onItem func(n int) bool) (got outcome[T]) {
	t.Helper()
	here, start := goroutine(), time.Now()
	ended, afterCancel := false, 0
	defer func() {
		ended = true // a later call comes from another goroutine
		got.panicked = recover()
	}()
	// The sequence is called rather than ranged over: a range statement would hide what is
	// checked here, or turn it into a panic of its own.
	obs(ctx)(func(v T, err error) bool {
		if g := goroutine(); g != here {
			t.Errorf("yield was called on %s, the consumer ranges on %s", g, here)
		}
		if ended {
			t.Fatalf("yield(%v, %v) was called after the end", v, err) // it may never stop
		}
		if err != nil {
			ended = true
			got.err = err
			if !reflect.ValueOf(&v).Elem().IsZero() {
				t.Errorf("yield(%v, %v): the value beside an error must be the zero value", v, err)
			}
			return true // a consumer may continue; the stream may not
		}
		got.items = append(got.items, v)
		if ctx.Err() != nil {
			afterCancel++
		}
		if afterCancel > maxAfterCancel {
			t.Fatalf("yield(%v, nil) was called for item %d after the context was cancelled; the stream must end with the cause", v, afterCancel)
		}
		if late := time.Since(start); late > overdue {
			t.Fatalf("yield(%v, nil) was called %v after the start of the stream, which must have ended", v, late)
		}
		if onItem != nil {
			ended = true // if onItem panics
			goOn := onItem(len(got.items))
			ended = !goOn
			return goOn
		}
		return true
	})
	return got
}

// observeTwice makes two subscriptions to obs at once.
func observeTwice[T any](t *testing.T, obs rxsse.Observable[T]) [2]outcome[T] {
	t.Helper()
	var both [2]outcome[T]
	var wg sync.WaitGroup
	for i := range both {
		wg.Go(func() { both[i] = observe(t.Context(), t, obs, nil) })
	}
	wg.Wait()
	return both
}
