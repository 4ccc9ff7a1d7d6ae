//go:build !unix

package main

import "github.com/rs/zerolog"

// keepFilesPrivate does nothing: on Windows a file has the rights of its folder.
func keepFilesPrivate() {}

func closeToOthers(string, zerolog.Logger) {}
