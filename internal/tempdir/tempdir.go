// Package tempdir creates temporary files in the first usable folder of several. The files are
// unlinked, so that the system deletes them when the process ends.
package tempdir

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Dirs returns the folders to try, best first. It is called for each file, because mounts can
// appear and disappear. nil is the system's folder for temporary files.
type Dirs func() []string

// Of returns fixed Dirs.
func Of(dirs ...string) Dirs { return func() []string { return dirs } }

// ErrNone means that no folder is usable.
var ErrNone = errors.New("no folder takes temporary files")

// noneError has the error of each folder.
type noneError []error

// Error implements error, in one line.
func (e noneError) Error() string {
	var b strings.Builder
	b.WriteString(ErrNone.Error())
	for i, fault := range e {
		b.WriteString([]string{": ", "; "}[min(i, 1)] + fault.Error())
	}
	return b.String()
}

// Unwrap returns ErrNone and the causes.
func (e noneError) Unwrap() []error { return append([]error{ErrNone}, e...) }

func (d Dirs) list() []string {
	if d == nil {
		return []string{os.TempDir()}
	}
	return d()
}

// try calls do with one folder after another until it succeeds. It starts after the first skip
// folders and tries those last.
func (d Dirs) try(skip int, do func(dir string) error) error {
	dirs := d.list()
	var faults noneError
	for i := range dirs {
		err := do(dirs[(i+skip)%len(dirs)])
		if err == nil {
			return nil
		}
		faults = append(faults, err)
	}
	return faults
}

// Create creates an unlinked file.
func (d Dirs) Create() (file *os.File, err error) {
	err = d.try(0, func(dir string) error {
		file, err = create(dir)
		return err
	})
	return file, err
}

func create(dir string) (*os.File, error) {
	file, err := os.CreateTemp(dir, "trip2g-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("take the name of a temporary file away: %w", err), file.Close())
	}
	return file, nil
}

// WithFolder calls use with the path of a new folder, which it deletes when use returns. If use
// fails, it tries the next folder. It tries the first skip folders, in which the caller has failed
// before, last.
func (d Dirs) WithFolder(skip int, use func(dir string) error) error {
	return d.try(skip, func(dir string) (err error) {
		own, err := os.MkdirTemp(dir, "trip2g-*")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(own)) }()
		return use(own)
	})
}
