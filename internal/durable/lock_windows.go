package durable

import (
	"errors"
	"os"
	"syscall"
	"unsafe"
)

//nolint:gochecknoglobals // loaded once
var (
	kernel32     = syscall.NewLazyDLL("kernel32.dll")
	lockFileEx   = kernel32.NewProc("LockFileEx")
	unlockFileEx = kernel32.NewProc("UnlockFileEx")
)

const (
	lockExclusively  = 0x2 // LOCKFILE_EXCLUSIVE_LOCK
	failImmediately  = 0x1 // LOCKFILE_FAIL_IMMEDIATELY
	errLockViolation = syscall.Errno(33)
	errIOPending     = syscall.Errno(997)
	lockedByteAtHigh = 0x7fffffff // far beyond the end, so that the file can still be read
	lockedBytes      = 1
)

func lock(file *os.File) error {
	at := syscall.Overlapped{OffsetHigh: lockedByteAtHigh}
	ok, _, err := lockFileEx.Call(file.Fd(), lockExclusively|failImmediately, 0, lockedBytes, 0, uintptr(unsafe.Pointer(&at)))
	if ok != 0 {
		return nil
	}
	if errors.Is(err, errLockViolation) || errors.Is(err, errIOPending) {
		return ErrLocked
	}
	return err
}

// Unlock ends the lock of a file that is about to be closed.
func Unlock(file *os.File) error {
	at := syscall.Overlapped{OffsetHigh: lockedByteAtHigh}
	if ok, _, err := unlockFileEx.Call(file.Fd(), 0, lockedBytes, 0, uintptr(unsafe.Pointer(&at))); ok == 0 {
		return err
	}
	return nil
}
