//go:build !linux

package litefs

// Mounted reports false: LiteFS runs on Linux only.
func Mounted(string) (bool, error) { return false, nil }
