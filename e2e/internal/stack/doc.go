// Package stack starts the shipped compose files for the end-to-end tests, each project with its
// own name, ports and secrets, and removes them at the end of the run. It also contains what tests
// do to the nodes (stop, kill, disconnect) and with them: plain requests, the API, the command line
// and a browser.
package stack
