package window

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-json-experiment/json"
)

func TestLists(t *testing.T) {
	a := Lists[int]()
	list := a.New()
	list = a.Add(list, 1)
	list = a.AddAll(list, []int{2, 3})
	assert.Equal(t, []int{1, 2, 3}, list.Items())
	other := a.New()
	assert.NotSame(t, list, other)
	a.Release(list)
	assert.Zero(t, list.len)
	assert.Same(t, list, a.New(), "used again")
	assert.NotSame(t, list, a.New(), "by one window")
	assert.NotSame(t, other, Lists[int]().New(), "each subscription has its own")
}

func TestSlices(t *testing.T) {
	a := Slices[int](4)
	all := a.New()
	assert.Equal(t, 4, cap(all))
	all = a.Add(all, 1)
	all = a.AddAll(all, []int{2, 3})
	assert.Equal(t, []int{1, 2, 3, 4, 5}, a.Join(all, []int{4, 5}))
}

func TestChunkListAsJSON(t *testing.T) {
	var list ChunkList[int]
	list.Add([]int{1, 2, 3})
	data, err := json.Marshal(&list)
	require.NoError(t, err)
	assert.JSONEq(t, `[1,2,3]`, string(data))
	var loaded ChunkList[int]
	require.NoError(t, json.Unmarshal(data, &loaded))
	assert.Equal(t, []int{1, 2, 3}, loaded.Items())
	assert.Error(t, json.Unmarshal([]byte(`["x"]`), &loaded))
}
