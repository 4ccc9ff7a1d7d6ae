// Package e2e tests the shipped compose files from outside, with real containers, real LiteFS and
// real sockets. Each file contains the tests of one subject; the package stack contains their
// helpers. README.md describes how to run them.
package e2e
