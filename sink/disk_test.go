package sink

import (
	"errors"
	"os"
	"sync"

	"github.com/rxsse/rxsse/internal/durable"
)

// A Disk knows what a power failure leaves of a file: its content at the last sync. It can
// fail.
type Disk struct {
	mu     sync.Mutex
	synced string
	syncs  int
	err    error // of syncs
	torn   error // of writes, which write some bytes, and of truncations
	bytes  int   // that are written then
}

// WithDisk makes a File write and sync to d.
func WithDisk(d *Disk) FileOption {
	return func(o *fileOptions) { o.disk = disk{write: d.write, sync: d.sync, truncate: d.truncate} }
}

func (d *Disk) write(file *os.File, p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.torn == nil {
		return file.Write(p)
	}
	n, err := file.Write(p[:d.bytes])
	return n, errors.Join(d.torn, err)
}

func (d *Disk) truncate(file *os.File, size int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.torn != nil {
		return d.torn
	}
	return durable.Truncate(file, size)
}

func (d *Disk) sync(file *os.File) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return d.err
	}
	text, err := os.ReadFile(file.Name())
	d.synced = string(text)
	d.syncs++
	return err
}

// Content returns what is on the disk.
func (d *Disk) Content() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.synced
}

// Syncs returns how often the file was synced.
func (d *Disk) Syncs() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.syncs
}

// Tear makes later writes fail after some bytes, and truncations fail.
func (d *Disk) Tear(err error, bytes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.torn, d.bytes = err, bytes
}

// Fail makes later syncs fail.
func (d *Disk) Fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}
