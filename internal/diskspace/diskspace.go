// Package diskspace reports the free space of a file system.
package diskspace

// Space is the size of a file system, in bytes.
type Space struct {
	Free  uint64 // for processes without privileges
	Total uint64
}
