package rx

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

// newProducer returns a producer and what it was cancelled with.
func newProducer() (p *producer, cause func() error) {
	var got error
	return &producer{cancel: func(err error) { got = err }}, func() error { return got }
}

func TestLifetimeEndsWithItsLastProducer(t *testing.T) {
	ctx, l := newLifetime(t.Context())
	assert.Same(t, l, lifetimeOf(ctx))
	assert.False(t, l.hadProducers())
	a, _ := newProducer()
	b, cause := newProducer()
	assert.True(t, l.enter(a))
	assert.True(t, l.enter(b))
	l.leave(a)
	assert.True(t, l.enter(a), "while another is in")
	assert.False(t, l.isStopped())

	why := errors.New("why")
	l.stop(why)
	l.stop(errors.New("later"))
	assert.Equal(t, why, cause())
	assert.True(t, l.isStopped())
	c, _ := newProducer()
	assert.False(t, l.enter(c), "after the end")
	l.leave(a)
	select {
	case <-l.idle:
		t.Fatal("idle with a producer left")
	default:
	}
	l.leave(b)
	<-l.idle
	assert.True(t, l.hadProducers())
}

func TestLifetimeWithoutProducers(t *testing.T) {
	_, l := newLifetime(t.Context())
	l.stop(context.Canceled)
	<-l.idle
	assert.False(t, l.hadProducers())
}

func TestNoLifetime(t *testing.T) {
	l := lifetimeOf(t.Context())
	assert.Nil(t, l)
	p, _ := newProducer()
	assert.True(t, l.enter(p))
	l.leave(p)
	assert.False(t, l.isStopped())
	assert.False(t, l.carry(nil))
}
