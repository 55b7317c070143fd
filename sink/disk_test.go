package sink

import (
	"os"
	"sync"
)

// A Disk knows what a loss of power leaves of a file: its content at the last sync.
type Disk struct {
	mu     sync.Mutex
	synced string
	syncs  int
	err    error
}

// WithDisk has a File sync to d.
func WithDisk(d *Disk) FileOption {
	return func(o *fileOptions) { o.syncFile = d.sync }
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

// Fail has later syncs fail.
func (d *Disk) Fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}
