// Package durable syncs folders, follows symbolic links and locks files, for packages that
// keep files.
package durable
