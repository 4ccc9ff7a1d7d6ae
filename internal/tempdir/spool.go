package tempdir

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Spool is a temporary file that is written once, sequentially, and then read. If its folder is
// full, it moves to the next one. It is not safe for concurrent writes; reads are safe once it is
// written.
type Spool struct {
	dirs []string // those that are left
	file *os.File
	size int64
}

// NewSpool creates an empty file.
func (d Dirs) NewSpool() (*Spool, error) {
	s := &Spool{dirs: d.list()}
	var faults noneError
	for len(s.dirs) > 0 {
		err := s.next()
		if err == nil {
			return s, nil
		}
		faults = append(faults, err)
	}
	return nil, faults
}

// next creates a file in the next folder.
func (s *Spool) next() (err error) {
	dir := s.dirs[0]
	s.dirs = s.dirs[1:]
	s.file, err = create(dir)
	return err
}

// Write implements io.Writer. It returns the error of the full disk if no other folder works.
func (s *Spool) Write(p []byte) (n int, err error) {
	for {
		written, err := s.file.Write(p[n:])
		n, s.size = n+written, s.size+int64(written)
		if err == nil || !isFull(err) {
			return n, err
		}
		if moveErr := s.move(); moveErr != nil {
			return n, fmt.Errorf("%w; %w", err, moveErr)
		}
	}
}

// move copies the written data to a file in another folder and continues there. It fails if no
// folder has enough space.
func (s *Spool) move() error {
	full := s.file
	for faults := (noneError)(nil); ; {
		if len(s.dirs) == 0 {
			s.file = full
			return faults
		}
		err := s.next()
		if err == nil {
			if _, err = io.Copy(s.file, io.NewSectionReader(full, 0, s.size)); err == nil {
				return full.Close()
			}
			err = errors.Join(fmt.Errorf("move a temporary file: %w", err), s.file.Close())
		}
		faults = append(faults, err)
	}
}

func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// Size returns the number of written bytes.
func (s *Spool) Size() int64 { return s.size }

// ReadAt implements io.ReaderAt.
func (s *Spool) ReadAt(p []byte, offset int64) (int, error) { return s.file.ReadAt(p, offset) }

// Reader returns a reader of all that was written.
func (s *Spool) Reader() *io.SectionReader { return io.NewSectionReader(s, 0, s.size) }

// Close deletes the file.
func (s *Spool) Close() error { return s.file.Close() }
