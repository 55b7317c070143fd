package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// maxLinks is the number of symbolic links that Target follows, as on Linux.
const maxLinks = 40

// Target follows symbolic links in the last element of path and returns the path of the
// file. The file need not exist. If path is no link, Target returns it unchanged.
func Target(path string) (string, error) {
	start := path
	for range maxLinks + 1 { // one more, for the file itself
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(target) {
			// Not [filepath.Join]: it would remove "..", which may lead out of a linked folder.
			target = filepath.Dir(path) + string(filepath.Separator) + target
		}
		path = target
	}
	return "", &fs.PathError{Op: "readlink", Path: start, Err: errors.New("too many symbolic links")}
}
