// Package diskspace reports how much room a file system has left.
package diskspace

// Space is the room of a file system, in bytes.
type Space struct {
	Free  uint64 // for processes without privileges
	Total uint64
}
