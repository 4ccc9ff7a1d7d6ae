package tempdir

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Spool is a temporary file that is written once, from its start to its end, and then read. Where its
// folder is full, it moves to the next. It is for one goroutine until it is written; then many may read.
type Spool struct {
	dirs []string // those that are left
	file *os.File
	size int64
}

// NewSpool makes an empty file.
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

// next makes a file in the next folder.
func (s *Spool) next() (err error) {
	dir := s.dirs[0]
	s.dirs = s.dirs[1:]
	s.file, err = create(dir)
	return err
}

// Write implements io.Writer. Its error is the full disk's if there is no other folder.
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

// move copies what is written to a file in another folder, and goes on there. It fails if there is
// none with room.
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

// Size returns how much has been written, in bytes.
func (s *Spool) Size() int64 { return s.size }

// ReadAt implements io.ReaderAt.
func (s *Spool) ReadAt(p []byte, offset int64) (int, error) { return s.file.ReadAt(p, offset) }

// Reader returns a reader of all that was written.
func (s *Spool) Reader() *io.SectionReader { return io.NewSectionReader(s, 0, s.size) }

// Close removes the file.
func (s *Spool) Close() error { return s.file.Close() }
