//go:build !windows

package durable

import "os"

func openAppend(path string, flag int) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_APPEND|flag, 0o600)
}
