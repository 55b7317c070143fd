package lifetime_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rxsse/rxsse"
	"github.com/rxsse/rxsse/internal/lifetime"
)

func ignore(error) {}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

func TestStopEndsWithTheLastProducer(t *testing.T) {
	ctx, l := lifetime.New(t.Context(), t.Context())
	assert.Same(t, l, lifetime.Of(ctx))
	assert.False(t, l.Used())

	first, ok := l.Enter(ignore)
	require.True(t, ok)
	var causes []error
	second, ok := l.Enter(func(err error) { causes = append(causes, err) })
	require.True(t, ok)
	first.Leave()
	third, ok := l.Enter(ignore)
	require.True(t, ok, "while another is in")
	assert.False(t, l.Stopped())
	assert.True(t, l.Used())

	why := errors.New("why")
	l.Stop(why)
	l.Stop(errors.New("later"))
	assert.Equal(t, []error{why}, causes)
	assert.True(t, l.Stopped())
	_, ok = l.Enter(ignore)
	assert.False(t, ok, "after the end")
	settled, again := l.Settled(), l.Settled()
	third.Leave()
	assert.False(t, isClosed(settled), "a producer is left")
	second.Leave()
	assert.True(t, isClosed(settled))
	assert.True(t, isClosed(again))
	assert.True(t, isClosed(l.Settled()))
}

// TestOneProducerIsStopped: the others are not waited for.
func TestOneProducerIsStopped(t *testing.T) {
	_, l := lifetime.New(t.Context(), t.Context())
	shared, _ := l.Enter(func(error) { t.Error("stopped") })
	stopped := false
	own, _ := l.Enter(func(error) { stopped = true })
	assert.True(t, isClosed(l.Settled()))
	own.Stop(context.Canceled)
	own.Stop(context.Canceled)
	assert.True(t, stopped)
	settled := l.Settled()
	assert.False(t, isClosed(settled))
	idle := l.Idle()
	own.Leave()
	assert.True(t, isClosed(settled))
	assert.False(t, isClosed(idle))
	shared.Leave()
	assert.True(t, isClosed(idle))
	assert.True(t, isClosed(l.Idle()))
	own.Stop(context.Canceled) // after it has left
	assert.True(t, isClosed(l.Settled()))
}

func TestALifetimeWithoutProducers(t *testing.T) {
	_, l := lifetime.New(t.Context(), t.Context())
	l.Stop(context.Canceled)
	assert.True(t, isClosed(l.Settled()))
	assert.False(t, l.Used())
}

func TestNoLifetime(t *testing.T) {
	l := lifetime.Of(t.Context())
	assert.Nil(t, l)
	stopped := false
	p, ok := l.Enter(func(error) { stopped = true })
	require.True(t, ok)
	p.Stop(context.Canceled)
	assert.True(t, stopped)
	p.Leave()
	assert.False(t, l.Stopped())
	assert.False(t, l.Carry(nil))
}

func TestALifetimeCarriesAPanic(t *testing.T) {
	_, l := lifetime.New(t.Context(), t.Context())
	p := &rxsse.PanicError{Value: "why"}
	assert.True(t, l.Carry(p))
	assert.Same(t, p, l.Carried())
	assert.False(t, l.Carry(p), "no subscription can raise it any more")
}

func TestGuard(t *testing.T) {
	failed := errors.New("failed")
	panicked, err := lifetime.Guard(func() error { return failed })
	assert.Nil(t, panicked)
	assert.Equal(t, failed, err)

	panicked, err = lifetime.Guard(func() error { panic("why") })
	require.NotNil(t, panicked)
	assert.Equal(t, "why", panicked.Value)
	assert.Contains(t, string(panicked.Stack), "TestGuard")
	assert.Equal(t, panicked, err)

	carried := &rxsse.PanicError{Value: "elsewhere"}
	panicked, _ = lifetime.Guard(func() error { panic(carried) })
	assert.Same(t, carried, panicked)
}

// A producer that ends with the subscription's context need not wait for Stop to learn why.
func TestTheSubscriptionsContextEnds(t *testing.T) {
	end, cancel := context.WithCancel(t.Context())
	_, l := lifetime.New(t.Context(), end)
	assert.False(t, l.Stopped())
	cancel()
	assert.True(t, l.Stopped())
}
