//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package durable

import (
	"errors"
	"os"
	"syscall"
)

func lock(file *os.File) error {
	err := flock(file, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}

// Unlock ends the lock of a file that is about to be closed. Closing alone would leave
// the lock to a child process that was just forked and has not yet started its program.
func Unlock(file *os.File) error {
	err := flock(file, syscall.LOCK_UN)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

func flock(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
