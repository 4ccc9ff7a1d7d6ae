//go:build !unix

package filemode

import "github.com/rs/zerolog"

// SetUmask does nothing: on Windows a file inherits the access rights of its folder.
func SetUmask() {}

// RestrictDatabase does nothing, see SetUmask.
func RestrictDatabase(string, zerolog.Logger) {}
