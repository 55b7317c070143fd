//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package durable

import (
	"errors"
	"os"
)

func lock(*os.File) error { return errors.ErrUnsupported }

// Unlock does nothing: there are no locks.
func Unlock(*os.File) error { return nil }
