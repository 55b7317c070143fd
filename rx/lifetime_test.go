package rx

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLifetimeEndsWithItsLastProducer(t *testing.T) {
	ctx, l := newLifetime(t.Context())
	assert.Same(t, l, lifetimeOf(ctx))
	assert.True(t, l.enter())
	assert.True(t, l.enter())
	l.leave()
	assert.True(t, l.enter(), "while another is in")

	idle := l.end()
	assert.False(t, l.enter(), "after the end")
	l.leave()
	select {
	case <-idle:
		t.Fatal("idle with a producer left")
	default:
	}
	l.leave()
	<-idle
}

func TestLifetimeWithoutProducers(t *testing.T) {
	_, l := newLifetime(t.Context())
	<-l.end()
}

func TestNoLifetime(t *testing.T) {
	l := lifetimeOf(t.Context())
	assert.Nil(t, l)
	assert.True(t, l.enter())
	l.leave()
	assert.False(t, l.carry(nil))
}
