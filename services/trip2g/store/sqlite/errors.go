package sqlite

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"trip2g/services/trip2g"
)

// wrapError adds op to err. SQLite errors with a remedy get a code and a message for people; an
// error of the domain keeps its own.
func wrapError(op string, err error) error {
	var known *trip2g.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", op, err)
	case errors.Is(err, sqlite3.FULL), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return unavailable(op, err, "the server's disk is full and nothing was stored: free some space there and try again")
	case errors.Is(err, sqlite3.IOERR_UNLOCK), errors.Is(err, sqlite3.IOERR_FSYNC):
		// LiteFS ended while it recorded the commit (see sqlitevfs), or the disk did not confirm a
		// write.
		return &trip2g.Error{
			Code: trip2g.EINDETERMINATE, Message: "the server could not confirm that this was stored, most likely because its disk is full: free some space there, then check whether it is stored before you send it again",
			Err: fmt.Errorf("%s: %w", op, err),
		}
	case errors.Is(err, sqlite3.IOERR_WRITE), errors.Is(err, sqlite3.IOERR_TRUNCATE), errors.Is(err, sqlite3.IOERR_SHMSIZE):
		// The driver reports ENOSPC like this and drops the errno.
		return unavailable(op, err, "the server's disk cannot be written and nothing was stored: check whether it is full, free some space there and try again")
	case errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.LOCKED), errors.Is(err, sqlite3.PROTOCOL):
		return unavailable(op, err, "the database is busy with other writes and nothing was stored: try again in a moment")
	case errors.Is(err, sqlite3.READONLY), errors.Is(err, syscall.EROFS):
		return unavailable(op, err, "the database of this node cannot be written and nothing was stored: only the leader's can be written, and its file and folder must be writable")
	case errors.Is(err, sqlite3.TOOBIG), errors.Is(err, sqlite3.NOMEM):
		return &trip2g.Error{Code: trip2g.ETOOLARGE, Message: "the request is too large for the database: send less at once", Err: fmt.Errorf("%s: %w", op, err)}
	default:
		return fmt.Errorf("%s: %w", op, err)
	}
}

func unavailable(op string, err error, message string) error {
	return &trip2g.Error{Code: trip2g.EUNAVAILABLE, Message: message, Err: fmt.Errorf("%s: %w", op, err)}
}

// IsBusy reports whether err only means that others hold the database's locks, a temporary state in
// which nothing is wrong with the database.
func IsBusy(err error) bool {
	return errors.Is(err, sqlite3.BUSY) || errors.Is(err, sqlite3.LOCKED) || errors.Is(err, sqlite3.PROTOCOL) ||
		errors.Is(err, context.DeadlineExceeded)
}
