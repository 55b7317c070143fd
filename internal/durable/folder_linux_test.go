package durable

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The folders of procfs cannot be synced, as those of some network file systems cannot.
func TestFolderThatCannotBeSynced(t *testing.T) {
	require.NoError(t, SyncFolder("/proc"))
}
