// Package durable has what packages that keep files need from the file system:
// syncing folders, following symbolic links, and locking files.
package durable
