package durable

import (
	"io"
	"os"
	"syscall"
)

// openAppend opens the file so that it can be renamed while it is open, which
// [os.OpenFile] does not allow on Windows, and truncated, which its O_APPEND does not
// allow. The caller is the only writer, since the file is locked.
func openAppend(path string, flag int) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	disposition := uint32(syscall.OPEN_EXISTING)
	switch {
	case flag&os.O_EXCL != 0:
		disposition = syscall.CREATE_NEW
	case flag&os.O_CREATE != 0:
		disposition = syscall.OPEN_ALWAYS
	}
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE,
		syscall.FILE_SHARE_READ|syscall.FILE_SHARE_WRITE|syscall.FILE_SHARE_DELETE,
		nil, disposition, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	file := os.NewFile(uintptr(handle), path)
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		_ = file.Close() // nothing was written
		return nil, err
	}
	return file, nil
}
