// Package e2e holds the suite that drives the shipped compose files from outside: real
// containers, real LiteFS, real sockets, nothing replaced. README.md says how to run it.
package e2e
