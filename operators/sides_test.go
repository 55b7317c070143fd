package operators

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The bytes of an item are those of the part whose type has any.
func TestSizeOfSides(t *testing.T) {
	both := (*sideItem[string, string])(nil).SizeOf()
	require.NotNil(t, both)
	assert.Equal(t, 5, both(&sideItem[string, string]{a: "abc", b: "de"}))
	first := (*sideItem[string, int])(nil).SizeOf()
	require.NotNil(t, first)
	assert.Equal(t, 3, first(&sideItem[string, int]{a: "abc", b: 2}))
	second := (*sideItem[int, string])(nil).SizeOf()
	require.NotNil(t, second)
	assert.Equal(t, 2, second(&sideItem[int, string]{a: 1, b: "de"}))
	assert.Nil(t, (*sideItem[int, int])(nil).SizeOf())
}
