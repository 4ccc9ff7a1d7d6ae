//go:build !linux

package diskspace

import "errors"

// At returns [errors.ErrUnsupported]: servers run on Linux.
func At(string) (Space, error) { return Space{}, errors.ErrUnsupported }
