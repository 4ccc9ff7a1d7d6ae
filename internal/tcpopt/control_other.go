//go:build !linux

package tcpopt

import "syscall"

// control sets nothing: keep-alive probes have to do.
func control(string, string, syscall.RawConn) error { return nil }
