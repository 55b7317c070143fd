package sink

import (
	"maps"
	"slices"
	"sync"
)

// unsyncedFiles are the open Files of the program that may hold items not yet on the disk:
// those with WithSyncInterval. Commit syncs them before it saves a position, because it
// cannot know which Files its work has written to.
//
//nolint:gochecknoglobals // work is a function of the caller: nothing else connects a File with Commit
var unsyncedFiles fileSet

type fileSet struct {
	mu    sync.Mutex
	files map[unsyncedFile]struct{}
}

// An unsyncedFile is a *File, whatever the type of its items.
type unsyncedFile interface{ syncForCommit() error }

func (s *fileSet) add(f unsyncedFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil {
		s.files = map[unsyncedFile]struct{}{}
	}
	s.files[f] = struct{}{}
}

func (s *fileSet) remove(f unsyncedFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, f)
}

// sync returns nil once all items that were appended to the Files are on the disk.
func (s *fileSet) sync() error {
	s.mu.Lock()
	files := slices.Collect(maps.Keys(s.files))
	s.mu.Unlock()
	for _, f := range files {
		if err := f.syncForCommit(); err != nil {
			return err
		}
	}
	return nil
}

// syncForCommit is Sync for a File that may have been closed, and thereby synced.
// If a sync of the File has failed before, its items may be lost.
func (f *File[T]) syncForCommit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed != nil {
		return f.failed
	}
	return f.sync()
}
