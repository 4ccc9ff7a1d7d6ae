// Package tempdir makes temporary files in the first of several folders that takes them. They have no
// name once they are there, so that the system removes them with the process however that ends.
package tempdir

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Dirs returns the folders to try, best first. It is asked each time: a mount may come and go. nil
// stands for the system's folder for temporary files alone.
type Dirs func() []string

// Of returns Dirs that are always these.
func Of(dirs ...string) Dirs { return func() []string { return dirs } }

// ErrNone is wrapped by the error for files that no folder takes.
var ErrNone = errors.New("no folder takes temporary files")

// noneError says why of each folder.
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

// try calls do with one folder after the other, from the skip-th on and then from the first, until
// one works.
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

// Create makes a file.
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

// WithFolder calls use with the path of a new folder, which is removed when use returns. A folder in
// which use fails is left for the next; skip says how many to leave out at first, those where the
// caller has failed before.
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
